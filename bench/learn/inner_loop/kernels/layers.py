"""A perceptron's layers on one user's n rows: values, gradients, and both differentiated along a direction.

Level 0 is the inputs, and layer l, from 1, makes level l. The levels lie end to end from place `at` of a flat array,
(n, width) each. `deltas` are the loss's derivatives by each level, of a layer's outputs before the ReLU. Tangents are
derivatives where leaves move along `direction` and the inputs along level 0 of the tangents (Pearlmutter, Neural Computation
1994). A ReLU is linear on either side of its kink, so that it does the same to a tangent as to a delta."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled.functions import compiled
from bench.compiled.vectors import SIXTEEN, load_part, splat, store_part, where_positive

__all__ = ["add", "backward", "backward_tangent", "forward", "forward_tangent", "top_level"]

Array = np.ndarray[Any, Any]


@compiled
def weight(layers: Array, layer: int, leaves: Array) -> Array:
    """(outputs, inputs)"""
    inputs, outputs, at = layers[layer, 0], layers[layer, 1], layers[layer, 2]
    return leaves[at : at + inputs * outputs].reshape(outputs, inputs)


@compiled
def add(out: Array, values: Array) -> None:
    for place in range(len(out)):
        out[place] += values[place]


@compiled
def finish(
    layers: Array, layer: int, n: int, leaves: Array, values: Array, at: int, rectified: bool
) -> None:
    """Add the bias to n rows (n, outputs) from place `at` on; then the ReLU, if there is one."""
    outputs, bias = layers[layer, 1], layers[layer, 3]
    if bias < 0 and not rectified:
        return
    for row in range(n):
        for k in range(0, outputs, len(SIXTEEN)):
            place, rest = at + row * outputs + k, outputs - k
            value = load_part(values, place, rest, SIXTEEN)
            if bias >= 0:
                value = value + load_part(leaves, bias + k, rest, SIXTEEN)
            if rectified:
                value = where_positive(value, value)
            store_part(values, place, rest, value)


@compiled
def finish_tangent(
    layers: Array,
    layer: int,
    n: int,
    direction: Array,
    values: Array,
    tangents: Array,
    at: int,
    rectified: bool,
) -> None:
    """`finish` differentiated: where the value is positive, tangent + the bias's direction."""
    outputs, bias = layers[layer, 1], layers[layer, 3]
    if bias < 0 and not rectified:
        return
    for row in range(n):
        for k in range(0, outputs, len(SIXTEEN)):
            place, rest = at + row * outputs + k, outputs - k
            tangent = load_part(tangents, place, rest, SIXTEEN)
            if bias >= 0:
                tangent = tangent + load_part(direction, bias + k, rest, SIXTEEN)
            if rectified:
                value = load_part(values, place, rest, SIXTEEN)
                tangent = where_positive(tangent, value)
            store_part(tangents, place, rest, tangent)


@compiled
def set_bias(layers: Array, layer: int, n: int, deltas: Array, at: int, out: Array) -> None:
    """The bias among the leaves `out`: the sum of the deltas of n rows (n, outputs)."""
    outputs, bias = layers[layer, 1], layers[layer, 3]
    if bias < 0:
        return
    for k in range(0, outputs, len(SIXTEEN)):
        summed = splat(out.dtype.type(0), SIXTEEN)
        for row in range(n):
            summed = summed + load_part(deltas, at + row * outputs + k, outputs - k, SIXTEEN)
        store_part(out, bias + k, outputs - k, summed)


@compiled
def keep_positive(out: Array, values: Array, at: int, count: int) -> None:
    """`out` stays where the value is positive, else is 0; from place `at` on."""
    for k in range(0, count, len(SIXTEEN)):
        place, rest = at + k, count - k
        value = load_part(values, place, rest, SIXTEEN)
        store_part(out, place, rest, where_positive(load_part(out, place, rest, SIXTEEN), value))


@compiled
def top_level(layers: Array, first: int, last: int, n: int, at: int) -> int:
    """Where the last level starts."""
    for layer in range(first, last):
        at += n * layers[layer, 0]
    return at


@compiled
def forward(
    layers: Array, first: int, last: int, n: int, at: int, leaves: Array, values: Array
) -> None:
    """From level 0 fill the others."""
    for layer in range(first, last):
        inputs, outputs = layers[layer, 0], layers[layer, 1]
        below = values[at : at + n * inputs].reshape(n, inputs)
        at += n * inputs
        value = values[at : at + n * outputs].reshape(n, outputs)
        np.dot(below, weight(layers, layer, leaves).T, value)
        finish(layers, layer, n, leaves, values, at, layer < last - 1)


@compiled
def backward(
    layers: Array,
    first: int,
    last: int,
    n: int,
    at: int,
    leaves: Array,
    values: Array,
    deltas: Array,
    gradients: Array,
    inputs_asked: bool,
) -> None:
    """From the last level of `deltas` fill those below, level 0 where it is asked for, and the layers' part of `gradients`."""
    above = top_level(layers, first, last, n, at)
    for layer in range(last - 1, first - 1, -1):
        inputs, outputs = layers[layer, 0], layers[layer, 1]
        below = above - n * inputs
        value = values[below:above].reshape(n, inputs)
        delta = deltas[above : above + n * outputs].reshape(n, outputs)
        np.dot(delta.T, value, weight(layers, layer, gradients))
        set_bias(layers, layer, n, deltas, above, gradients)
        if layer > first or inputs_asked:
            lower = deltas[below:above].reshape(n, inputs)
            np.dot(delta, weight(layers, layer, leaves), lower)
            if layer > first:
                keep_positive(deltas, values, below, n * inputs)
        above = below


@compiled
def forward_tangent(
    layers: Array,
    first: int,
    last: int,
    n: int,
    at: int,
    leaves: Array,
    direction: Array,
    values: Array,
    tangents: Array,
    spare: Array,
    inputs_move: bool,
) -> None:
    """`forward` differentiated: by the product rule, fill `tangents` above level 0."""
    for layer in range(first, last):
        inputs, outputs = layers[layer, 0], layers[layer, 1]
        below, above = at, at + n * inputs
        at = above
        tangent = tangents[above : above + n * outputs]
        value = values[below:above].reshape(n, inputs)
        np.dot(value, weight(layers, layer, direction).T, tangent.reshape(n, outputs))
        if layer > first or inputs_move:
            product = spare[: n * outputs]
            lower = tangents[below:above].reshape(n, inputs)
            np.dot(lower, weight(layers, layer, leaves).T, product.reshape(n, outputs))
            add(tangent, product)
        finish_tangent(layers, layer, n, direction, values, tangents, above, layer < last - 1)


@compiled
def backward_tangent(
    layers: Array,
    first: int,
    last: int,
    n: int,
    at: int,
    leaves: Array,
    direction: Array,
    values: Array,
    tangents: Array,
    deltas: Array,
    delta_tangents: Array,
    products: Array,
    spare: Array,
    inputs_move: bool,
    inputs_asked: bool,
) -> None:
    """`backward` differentiated: from the last level of `delta_tangents` fill those below, level 0 where it is asked for, and
    the layers' part of `products`, of the loss's Hessian with the direction."""
    above = top_level(layers, first, last, n, at)
    for layer in range(last - 1, first - 1, -1):
        inputs, outputs = layers[layer, 0], layers[layer, 1]
        below = above - n * inputs
        value = values[below:above].reshape(n, inputs)
        delta = deltas[above : above + n * outputs].reshape(n, outputs)
        delta_tangent = delta_tangents[above : above + n * outputs].reshape(n, outputs)

        # the weight's gradient is delta.T @ value
        by_weight = weight(layers, layer, products)
        np.dot(delta_tangent.T, value, by_weight)
        if layer > first or inputs_move:
            product = spare[: outputs * inputs]
            tangent = tangents[below:above].reshape(n, inputs)
            np.dot(delta.T, tangent, product.reshape(outputs, inputs))
            add(by_weight.reshape(-1), product)
        set_bias(layers, layer, n, delta_tangents, above, products)

        # the delta of the level below is delta @ weight, where its ReLU let the value through
        if layer > first or inputs_asked:
            lower = delta_tangents[below:above]
            np.dot(delta_tangent, weight(layers, layer, leaves), lower.reshape(n, inputs))
            product = spare[: n * inputs]
            np.dot(delta, weight(layers, layer, direction), product.reshape(n, inputs))
            add(lower, product)
            if layer > first:
                keep_positive(delta_tangents, values, below, n * inputs)
        above = below
