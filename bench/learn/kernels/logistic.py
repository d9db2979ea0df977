"""Logistic regression, compiled: logit = bias + sum over the row's entries of weight * w."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, put
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.steps import Batch, Descent, Hides, begin, end
from bench.learn.kernels.tables import Table

__all__ = ["add_linear_gradient", "epoch", "gradient_of_logit", "linear_logit", "logits"]

ONE, ZERO = np.float32(1), np.float32(0)


@inlined
def linear_logit(
    rows: np.ndarray, weights: np.ndarray, shape: Shape, at: int, linear: Table
) -> np.float32:
    """Of the row that starts at place `at`, without the bias; `rows` as int32 and `weights` as float32 are one memory."""
    memory, row = linear.memory, linear.row
    first_weight = at + shape.entries - shape.single
    logit = ZERO
    for j in range(shape.single):
        logit += get(memory, np.int64(get(rows, at + j)) * row)
    for j in range(shape.single, shape.entries):
        logit += get(weights, first_weight + j) * get(memory, np.int64(get(rows, at + j)) * row)
    return np.float32(logit)


@inlined
def add_linear_gradient(
    rows: np.ndarray,
    weights: np.ndarray,
    shape: Shape,
    at: int,
    linear: Table,
    gradient: np.float32,
) -> None:
    """`gradient`: the loss's by the row's logit."""
    memory, row = linear.memory, linear.row
    first_weight = at + shape.entries - shape.single
    for j in range(shape.single):
        place = np.int64(get(rows, at + j)) * row + 1
        put(memory, place, get(memory, place) + gradient)
    for j in range(shape.single, shape.entries):
        place = np.int64(get(rows, at + j)) * row + 1
        put(memory, place, get(memory, place) + gradient * get(weights, first_weight + j))


@inlined
def gradient_of_logit(logit: np.float32, label: np.float32) -> np.float32:
    """Of the cross-entropy: sigmoid(logit) - label."""
    return np.float32(ONE / (ONE + np.exp(-logit)) - label)


@compiled
def add_gradients(batch: Batch, weights: np.ndarray, shape: Shape, n: int, bias_row: int) -> None:
    """Of the mean cross-entropy of a batch's n rows, to all that they touch. `weights`: the batch's rows as float32."""
    rows, stride, linear = batch.rows, batch.stride, batch.linear
    bias_at = bias_row * linear.row
    bias, of_bias = get(linear.memory, bias_at), ZERO
    label_at = 2 * shape.entries - shape.single
    share = ONE / np.float32(n)
    for i in range(n):
        at = i * stride
        logit = linear_logit(rows, weights, shape, at, linear) + bias
        gradient = gradient_of_logit(logit, get(weights, at + label_at)) * share
        of_bias += gradient
        add_linear_gradient(rows, weights, shape, at, linear, gradient)
    put(linear.memory, bias_at + 1, of_bias)


@compiled
def epoch(
    source: np.ndarray, shape: Shape, order: np.ndarray, size: int, hides: Hides,
    batch: Batch, linear: Table, factors: Table, descent: Descent, step: int,
) -> int:  # fmt: skip
    """Batches of `size` rows in the order of `order`, after `step` steps; how many there are then. `factors`: of width 0."""
    weights = batch.rows.view(np.float32)
    for first in range(0, order.size, size):
        stop = min(order.size, first + size)
        step += 1
        count = begin(
            source, shape, order, first, stop, hides, batch, step, linear, factors, descent
        )
        add_gradients(batch, weights, shape, stop - first, count - 1)
        end(step, linear, factors, descent, batch, count)
    return step


@compiled
def logits(
    source: np.ndarray,
    shape: Shape,
    linear: Table,
    _factors: Table,
    bias: np.float32,
    out: np.ndarray,
) -> None:
    """Of all rows of `source`, to out (n,) float32."""
    weights = source.view(np.float32)
    for i in range(out.size):
        out[i] = linear_logit(source, weights, shape, i * shape.width, linear) + bias
