"""A perceptron with weights of each user's own, on as many rows as each user has: values, gradients and their derivatives.

Each function works through the users one at a time; nothing is padded. It is the subset of numpy that numba compiles
(`bench.learn.perceptron.compiled`), and runs as it is where numba isn't installed. Elementwise operations are functions of
their own because numba vectorises them only so.

Arguments throughout, dense and C-ordered, of one dtype:
- `widths` (L + 1,): of the inputs and of the layers' outputs; ReLU between layers, none after the last;
- `pointer` (U + 1,): user u's rows are [pointer[u], pointer[u + 1]) of n;
- `inputs` (n, widths[0]);
- `leaves` (U, P), or (1, P) where all users share them: by layer the weight (outputs, inputs), then the bias (outputs,);
- `values`, `deltas` (n * sum of the layers' widths,): outputs of the layers and the loss's derivatives by what is before the
  ReLU, (n, width) for each layer, end to end;
- what is named tangent is the derivative along `directions` (U, P) of leaves and `input_tangents` of inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "add",
    "backward",
    "backward_tangent",
    "bias",
    "block",
    "forward",
    "forward_tangent",
    "pull",
    "rectify",
    "rectify_tangent",
    "scaled_product",
    "step",
    "weight",
]

Array = np.ndarray[Any, Any]


def weight(leaves: Array, start: int, outputs: int, inputs: int) -> Array:
    """A layer's weight (outputs, inputs) among one user's leaves."""
    return leaves[start : start + outputs * inputs].reshape(outputs, inputs)


def bias(leaves: Array, start: int, outputs: int, inputs: int) -> Array:
    """A layer's bias (outputs,), which follows its weight."""
    return leaves[start + outputs * inputs : start + outputs * (inputs + 1)]


def block(layers: Array, start: int, first: int, stop: int, width: int) -> Array:
    """One user's rows (stop - first, width) of the layer that starts there."""
    return layers[start + first * width : start + stop * width].reshape(stop - first, width)


def add(out: Array, values: Array) -> None:
    out += values


def scaled_product(one: Array, other: Array, scale: Any, out: Array) -> None:
    np.multiply(one, other, out)
    out *= scale


def rectify(out: Array) -> None:
    out[:] = np.maximum(out, out.dtype.type(0))


def rectify_tangent(out: Array, values: Array) -> None:
    """`out`, a derivative, where what it is the derivative of was rectified to `values`."""
    out *= values > 0


def forward(widths: Array, pointer: Array, inputs: Array, leaves: Array, values: Array) -> None:
    """Fill `values`."""
    for user in range(len(pointer) - 1):
        first, stop, own = pointer[user], pointer[user + 1], leaves[user % len(leaves)]
        below, start, layer_start = inputs[first:stop], 0, 0
        for layer in range(len(widths) - 1):
            inner, outer = widths[layer], widths[layer + 1]
            out = block(values, layer_start, first, stop, outer)
            np.dot(below, weight(own, start, outer, inner).T, out)
            add(out, bias(own, start, outer, inner))
            if layer < len(widths) - 2:
                rectify(out)
            below, start, layer_start = out, start + outer * (inner + 1), layer_start + len(inputs) * outer


def backward(
    widths: Array,
    pointer: Array,
    inputs: Array,
    leaves: Array,
    values: Array,
    deltas: Array,
    gradients: Array,
    by_inputs: Array,
) -> None:
    """From the last layer's `deltas` fill those of the others, `gradients` (U, P) and `by_inputs` (n, widths[0])."""
    for user in range(len(pointer) - 1):
        first, stop, own = pointer[user], pointer[user + 1], leaves[user % len(leaves)]
        start, layer_start = own.size, values.size
        for layer in range(len(widths) - 2, -1, -1):
            inner, outer = widths[layer], widths[layer + 1]
            start, layer_start = start - outer * (inner + 1), layer_start - len(inputs) * outer
            delta, below, lower = (
                block(deltas, layer_start, first, stop, outer),
                inputs[first:stop],
                by_inputs[first:stop],
            )
            if layer > 0:
                below = block(values, layer_start - len(inputs) * inner, first, stop, inner)
                lower = block(deltas, layer_start - len(inputs) * inner, first, stop, inner)
            np.dot(delta.T, below, weight(gradients[user], start, outer, inner))
            bias(gradients[user], start, outer, inner)[:] = delta.sum(axis=0)
            np.dot(delta, weight(own, start, outer, inner), lower)
            if layer > 0:
                rectify_tangent(lower, below)


def forward_tangent(
    widths: Array,
    pointer: Array,
    inputs: Array,
    input_tangents: Array,
    leaves: Array,
    directions: Array,
    values: Array,
    tangents: Array,
) -> None:
    """Fill `tangents`, the derivative of `values` (Pearlmutter, Neural Computation 1994, R-forward)."""
    for user in range(len(pointer) - 1):
        first, stop, own, direction = pointer[user], pointer[user + 1], leaves[user % len(leaves)], directions[user]
        below, below_tangent, start, layer_start = inputs[first:stop], input_tangents[first:stop], 0, 0
        for layer in range(len(widths) - 1):
            inner, outer = widths[layer], widths[layer + 1]
            value = block(values, layer_start, first, stop, outer)
            out = block(tangents, layer_start, first, stop, outer)
            np.dot(below_tangent, weight(own, start, outer, inner).T, out)
            add(out, np.dot(below, weight(direction, start, outer, inner).T))
            add(out, bias(direction, start, outer, inner))
            if layer < len(widths) - 2:
                rectify_tangent(out, value)
            below, below_tangent = value, out
            start, layer_start = start + outer * (inner + 1), layer_start + len(inputs) * outer


def backward_tangent(
    widths: Array,
    pointer: Array,
    inputs: Array,
    input_tangents: Array,
    leaves: Array,
    directions: Array,
    values: Array,
    tangents: Array,
    deltas: Array,
    delta_tangents: Array,
    products: Array,
    by_inputs: Array,
) -> None:
    """From the last layer's `delta_tangents` fill the others' and the derivative of what `backward` fills: the products of
    the Hessian with the directions (Pearlmutter 1994, R-backward), `products` (U, P) and `by_inputs` (n, widths[0])."""
    for user in range(len(pointer) - 1):
        first, stop, own, direction = pointer[user], pointer[user + 1], leaves[user % len(leaves)], directions[user]
        start, layer_start = own.size, values.size
        for layer in range(len(widths) - 2, -1, -1):
            inner, outer = widths[layer], widths[layer + 1]
            start, layer_start = start - outer * (inner + 1), layer_start - len(inputs) * outer
            delta = block(deltas, layer_start, first, stop, outer)
            delta_tangent = block(delta_tangents, layer_start, first, stop, outer)
            below, below_tangent, lower = inputs[first:stop], input_tangents[first:stop], by_inputs[first:stop]
            if layer > 0:
                below = block(values, layer_start - len(inputs) * inner, first, stop, inner)
                below_tangent = block(tangents, layer_start - len(inputs) * inner, first, stop, inner)
                lower = block(delta_tangents, layer_start - len(inputs) * inner, first, stop, inner)
            out = weight(products[user], start, outer, inner)
            np.dot(delta_tangent.T, below, out)
            add(out, np.dot(delta.T, below_tangent))
            bias(products[user], start, outer, inner)[:] = delta_tangent.sum(axis=0)
            np.dot(delta_tangent, weight(own, start, outer, inner), lower)
            add(lower, np.dot(delta, weight(direction, start, outer, inner)))
            if layer > 0:
                rectify_tangent(lower, below)


def step(leaves: Array, rates: Array, scales: Array, gradients: Array, moved: Array) -> None:
    """moved[u] = leaves[u] - scales[u] * rates * gradients[u]; rates (P,), scales (U,)."""
    for user in range(len(gradients)):
        scaled_product(rates, gradients[user], -scales[user], moved[user])
        add(moved[user], leaves[user % len(leaves)])


def pull(
    rates: Array, scales: Array, gradients: Array, adjoints: Array, by_rates: Array, by_scales: Array, directions: Array
) -> None:
    """`step` backwards, but for the gradients' own derivative: from `adjoints` (U, P), those of what it moved to, fill
    `by_scales` (U,) and `directions` (U, P), those of the gradients with the sign turned; add to `by_rates` (P,)."""
    one = rates.dtype.type(1)
    for user in range(len(gradients)):
        own = directions[user]
        scaled_product(adjoints[user], gradients[user], -one, own)
        by_scales[user] = np.dot(rates, own)
        own *= scales[user]
        add(by_rates, own)
        scaled_product(rates, adjoints[user], scales[user], own)
