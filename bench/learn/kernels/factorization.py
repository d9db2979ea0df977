"""The factorization machine, compiled: pairs by the square of the sum (Rendle, ICDM 2010, lemma 3.1).

With S = sum over fields of P_f, and P_f = sum over the field's entries of weight * v: pairs = (|S|^2 - sum_f |P_f|^2) / 2,
whose derivative by an entry's v is weight * (S - P_f). The penalty l2 |v|^2 of each looked-up v is added on the way."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, put
from bench.compiled.vectors import load, splat, store, total
from bench.learn.kernels.logistic import (
    add_linear_gradient,
    gradient_of_logit,
    linear_logit,
)
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.steps import Batch, Descent, Hides, begin, end
from bench.learn.kernels.tables import Table

__all__ = ["epoch", "logits"]

ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)


@inlined
def pairs(
    rows: np.ndarray, weights: np.ndarray, shape: Shape, at: int, factors: Table, sums: np.ndarray
) -> np.float32:
    """Of one row. sums ((F + 1) * wide,): S, then P_f of each field that has weights, at f + 1; kept for the gradient."""
    memory, size, wide, lanes = factors
    first_weight = at + shape.entries - shape.single
    found = ZERO
    for k in range(0, wide, len(lanes)):
        total_sum, squares = splat(ZERO, lanes), splat(ZERO, lanes)
        for j in range(shape.single):
            v = load(memory, np.int64(get(rows, at + j)) * size + k, lanes)
            total_sum = total_sum + v
            squares = squares + v * v
        for field in range(shape.single, shape.starts.size - 1):
            pooled = splat(ZERO, lanes)
            for j in range(get(shape.starts, field), get(shape.starts, field + 1)):
                weight = get(weights, first_weight + j)
                if weight != ZERO:
                    entry = np.int64(get(rows, at + j))
                    pooled = pooled + weight * load(memory, entry * size + k, lanes)
            store(sums, (field + 1) * wide + k, pooled)
            total_sum = total_sum + pooled
            squares = squares + pooled * pooled
        store(sums, k, total_sum)
        found += total(total_sum * total_sum - squares)
    return HALF * found


@inlined
def add_factor_gradient(
    rows: np.ndarray,
    weights: np.ndarray,
    shape: Shape,
    at: int,
    factors: Table,
    sums: np.ndarray,
    gradient: np.float32,
    penalty: np.float32,
) -> None:
    """`gradient`: the loss's by the row's logit; `penalty`: times v is what the penalty adds."""
    memory, size, wide, lanes = factors
    first_weight = at + shape.entries - shape.single
    of_own = penalty - gradient
    for k in range(0, wide, len(lanes)):
        of_sum = gradient * load(sums, k, lanes)
        for j in range(shape.single):
            place = np.int64(get(rows, at + j)) * size + k
            added = of_sum + of_own * load(memory, place, lanes)
            store(memory, place + wide, load(memory, place + wide, lanes) + added)
        for field in range(shape.single, shape.starts.size - 1):
            of_pooled = of_sum - gradient * load(sums, (field + 1) * wide + k, lanes)
            for j in range(get(shape.starts, field), get(shape.starts, field + 1)):
                weight = get(weights, first_weight + j)
                if weight != ZERO:
                    place = np.int64(get(rows, at + j)) * size + k
                    added = weight * of_pooled + penalty * load(memory, place, lanes)
                    store(memory, place + wide, load(memory, place + wide, lanes) + added)


@compiled
def add_gradients(
    batch: Batch,
    weights: np.ndarray,
    shape: Shape,
    n: int,
    bias_row: int,
    l2: float,
    sums: np.ndarray,
) -> None:
    """As that of logistic.py, and of the penalty."""
    rows, stride, linear, factors = batch.rows, batch.stride, batch.linear, batch.factors
    bias_at = bias_row * linear.row
    bias, of_bias = get(linear.memory, bias_at), ZERO
    label_at = 2 * shape.entries - shape.single
    share, penalty = ONE / np.float32(n), np.float32(2 * l2 / n)
    for i in range(n):
        at = i * stride
        logit = linear_logit(rows, weights, shape, at, linear) + bias
        logit += pairs(rows, weights, shape, at, factors, sums)
        gradient = gradient_of_logit(logit, get(weights, at + label_at)) * share
        of_bias += gradient
        add_linear_gradient(rows, weights, shape, at, linear, gradient)
        add_factor_gradient(rows, weights, shape, at, factors, sums, gradient, penalty)
    put(linear.memory, bias_at + 1, of_bias)


@compiled
def epoch(
    source: np.ndarray, shape: Shape, order: np.ndarray, size: int, hides: Hides,
    batch: Batch, linear: Table, factors: Table, descent: Descent, step: int,
) -> int:  # fmt: skip
    """Batches of `size` rows in the order of `order`, after `step` steps; how many there are then."""
    weights = batch.rows.view(np.float32)
    sums = np.empty(shape.starts.size * factors.wide, np.float32)
    for first in range(0, order.size, size):
        stop = min(order.size, first + size)
        step += 1
        count = begin(
            source, shape, order, first, stop, hides, batch, step, linear, factors, descent
        )
        add_gradients(batch, weights, shape, stop - first, count - 1, descent.l2, sums)
        end(step, linear, factors, descent, batch, count)
    return step


@compiled
def logits(
    source: np.ndarray,
    shape: Shape,
    linear: Table,
    factors: Table,
    bias: np.float32,
    out: np.ndarray,
) -> None:
    """Of all rows of `source`, to out (n,) float32."""
    weights = source.view(np.float32)
    sums = np.empty(shape.starts.size * factors.wide, np.float32)
    for i in range(out.size):
        at = i * shape.width
        logit = linear_logit(source, weights, shape, at, linear) + bias
        out[i] = logit + pairs(source, weights, shape, at, factors, sums)
