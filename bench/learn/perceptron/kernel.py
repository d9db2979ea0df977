"""A perceptron with weights of each user's own, on as many rows as each user has: values, gradients and their derivatives.

These functions are plain Python in the subset of numpy that numba compiles (`bench.learn.perceptron.compiled_kernel`). Each
works through the users one at a time; nothing is padded. Elementwise operations are functions of their own because numba
vectorises them only so.

Level 0 is the inputs. Layer l, from 1, makes level l of level l - 1; a ReLU follows each layer but the last.

Arguments throughout, C-ordered, arrays of floats of one dtype:
- `widths` (L + 1,): of the levels;
- `pointer` (U + 1,): user u's rows are [pointer[u], pointer[u + 1]) of n;
- `leaves` (U, P), or (1, P) where all users share them: by layer the weight (outputs, inputs), then the bias (outputs,);
- `values` (n * sum(widths),): (n, width) of each level, end to end;
- `deltas`, laid out as `values`: the loss's derivatives by each level, of a layer's outputs before the ReLU;
- `tangents`, `delta_tangents`: the derivatives of those two where the leaves move along `directions` (U, P), and the inputs
  along level 0 of `tangents`;
- `lowest_moving`: the lowest level that moves: 0, or 1 where the inputs are constant;
- `lowest_asked`: the lowest level whose deltas are asked for: 0, or 1 where nobody needs those of the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "add",
    "backward",
    "backward_tangent",
    "bias",
    "block",
    "first_leaf",
    "forward",
    "forward_tangent",
    "rectify",
    "rectify_tangent",
    "scaled_product",
    "step",
    "step_backward",
    "weight",
]

Array = np.ndarray[Any, Any]


def first_leaf(widths: Array, layer: int) -> int:
    """Where a layer's leaves start among one user's."""
    start = 0
    for before in range(1, layer):
        start += widths[before] * (widths[before - 1] + 1)
    return start


def weight(leaves: Array, widths: Array, layer: int) -> Array:
    """A layer's weight (outputs, inputs) among one user's leaves."""
    outputs, inputs = widths[layer], widths[layer - 1]
    start = first_leaf(widths, layer)
    return leaves[start : start + outputs * inputs].reshape(outputs, inputs)


def bias(leaves: Array, widths: Array, layer: int) -> Array:
    """A layer's bias (outputs,) among one user's leaves: the last of the layer's."""
    stop = first_leaf(widths, layer + 1)
    return leaves[stop - widths[layer] : stop]


def block(levels: Array, widths: Array, level: int, first: int, stop: int) -> Array:
    """Rows [first, stop) of a level, (stop - first, width)."""
    rows, width = levels.size // widths.sum(), widths[level]
    start = rows * widths[:level].sum()
    return levels[start + first * width : start + stop * width].reshape(stop - first, width)


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


def forward(widths: Array, pointer: Array, leaves: Array, values: Array) -> None:
    """From level 0 of `values` fill the others."""
    last = len(widths) - 1
    for user in range(len(pointer) - 1):
        first, stop = pointer[user], pointer[user + 1]
        own = leaves[user % len(leaves)]
        for layer in range(1, last + 1):
            below = block(values, widths, layer - 1, first, stop)  # (rows, inputs)
            value = block(values, widths, layer, first, stop)  # (rows, outputs)
            np.dot(below, weight(own, widths, layer).T, value)
            add(value, bias(own, widths, layer))
            if layer < last:
                rectify(value)


def backward(
    widths: Array,
    pointer: Array,
    leaves: Array,
    values: Array,
    deltas: Array,
    gradients: Array,
    lowest_asked: int,
) -> None:
    """From the last level of `deltas` fill those below, down to the lowest asked for, and `gradients` (U, P)."""
    for user in range(len(pointer) - 1):
        first, stop = pointer[user], pointer[user + 1]
        own, gradient = leaves[user % len(leaves)], gradients[user]
        for layer in range(len(widths) - 1, 0, -1):
            below = block(values, widths, layer - 1, first, stop)  # (rows, inputs)
            delta = block(deltas, widths, layer, first, stop)  # (rows, outputs)
            np.dot(delta.T, below, weight(gradient, widths, layer))
            bias(gradient, widths, layer)[:] = delta.sum(axis=0)
            if layer > lowest_asked:
                lower_delta = block(deltas, widths, layer - 1, first, stop)  # (rows, inputs)
                np.dot(delta, weight(own, widths, layer), lower_delta)
                if layer > 1:
                    rectify_tangent(lower_delta, below)


# What follows is the product rule on each product of the two functions above (Pearlmutter, Neural Computation 1994). A ReLU
# is linear on either side of its kink, so that its derivative is the same for a value and for a tangent.


def forward_tangent(
    widths: Array,
    pointer: Array,
    leaves: Array,
    directions: Array,
    values: Array,
    tangents: Array,
    lowest_moving: int,
) -> None:
    """`forward` differentiated: fill `tangents` above level 0 (Pearlmutter's R-forward)."""
    last = len(widths) - 1
    for user in range(len(pointer) - 1):
        first, stop = pointer[user], pointer[user + 1]
        own, direction = leaves[user % len(leaves)], directions[user]
        for layer in range(1, last + 1):
            below = block(values, widths, layer - 1, first, stop)  # (rows, inputs)
            tangent = block(tangents, widths, layer, first, stop)  # (rows, outputs)
            np.dot(below, weight(direction, widths, layer).T, tangent)
            if layer > lowest_moving:
                below_tangent = block(tangents, widths, layer - 1, first, stop)  # (rows, inputs)
                add(tangent, np.dot(below_tangent, weight(own, widths, layer).T))
            add(tangent, bias(direction, widths, layer))
            if layer < last:
                rectify_tangent(tangent, block(values, widths, layer, first, stop))


def backward_tangent(
    widths: Array,
    pointer: Array,
    leaves: Array,
    directions: Array,
    values: Array,
    tangents: Array,
    deltas: Array,
    delta_tangents: Array,
    products: Array,
    lowest_moving: int,
    lowest_asked: int,
) -> None:
    """`backward` differentiated: from the last level of `delta_tangents` fill those below, down to the lowest asked for, and
    `products` (U, P), those of the loss's Hessian with the directions (Pearlmutter's R-backward)."""
    for user in range(len(pointer) - 1):
        first, stop = pointer[user], pointer[user + 1]
        own, direction, product = leaves[user % len(leaves)], directions[user], products[user]
        for layer in range(len(widths) - 1, 0, -1):
            below = block(values, widths, layer - 1, first, stop)  # (rows, inputs)
            delta = block(deltas, widths, layer, first, stop)  # (rows, outputs)
            delta_tangent = block(delta_tangents, widths, layer, first, stop)  # (rows, outputs)

            # The weight's gradient is delta.T @ below.
            by_weight = weight(product, widths, layer)  # (outputs, inputs)
            np.dot(delta_tangent.T, below, by_weight)
            if layer > lowest_moving:
                below_tangent = block(tangents, widths, layer - 1, first, stop)  # (rows, inputs)
                add(by_weight, np.dot(delta.T, below_tangent))

            # The bias's gradient is the sum of delta over the rows.
            bias(product, widths, layer)[:] = delta_tangent.sum(axis=0)

            # The delta of the level below is delta @ weight, where its ReLU let the value through.
            if layer > lowest_asked:
                # (rows, inputs)
                lower_delta_tangent = block(delta_tangents, widths, layer - 1, first, stop)
                np.dot(delta_tangent, weight(own, widths, layer), lower_delta_tangent)
                add(lower_delta_tangent, np.dot(delta, weight(direction, widths, layer)))
                if layer > 1:
                    rectify_tangent(lower_delta_tangent, below)


def step(leaves: Array, rates: Array, scales: Array, gradients: Array, moved: Array) -> None:
    """moved[u] = leaves[u] - scales[u] * rates * gradients[u]; rates (P,), scales (U,)."""
    for user in range(len(gradients)):
        scaled_product(rates, gradients[user], -scales[user], moved[user])
        add(moved[user], leaves[user % len(leaves)])


def step_backward(
    rates: Array,
    scales: Array,
    gradients: Array,
    adjoints: Array,
    by_rates: Array,
    by_scales: Array,
    directions: Array,
) -> None:
    """`step` backwards, but for what the gradients themselves depend on. From `adjoints` (U, P), the derivatives by what was
    moved to, fill `by_scales` (U,) and `directions` (U, P), the derivatives by the gradients with the sign turned; add to
    `by_rates` (P,)."""
    one = rates.dtype.type(1)
    for user in range(len(gradients)):
        by_scaled_rates = directions[user]  # kept where the directions will be
        scaled_product(adjoints[user], gradients[user], -one, by_scaled_rates)
        by_scales[user] = np.dot(rates, by_scaled_rates)
        by_scaled_rates *= scales[user]
        add(by_rates, by_scaled_rates)
        scaled_product(rates, adjoints[user], scales[user], directions[user])
