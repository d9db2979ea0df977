"""The field-aware factorization machine, compiled: pairs of fields i < j by <v_{i,j}, v_{j,i}> (Juan et al., 2016, eq. 4).

A table row holds F vectors end to end, of `lanes` floats or a multiple each, the one towards field j at place j. A field with
weights has a row of its own at the end of the table: its entries' rows summed up, and the gradient of that sum, which its
entries are given afterwards. So a pair is always two vectors of the table, and their gradients lie beside them."""

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
from bench.learn.kernels.tables import SPARE, Table

__all__ = ["epoch", "logits"]

ONE, ZERO = np.float32(1), np.float32(0)


@inlined
def places_of(
    rows: np.ndarray, weights: np.ndarray, shape: Shape, at: int, factors: Table, places: np.ndarray
) -> None:
    """places (F,): where each field's vectors begin. Those of fields with weights are summed up first."""
    memory, size, wide, lanes = factors
    for j in range(shape.single):
        put(places, j, np.int64(get(rows, at + j)) * size)
    fields = shape.starts.size - 1
    first_weight = at + shape.entries - shape.single
    nothing = splat(ZERO, lanes)
    for field in range(shape.single, fields):
        summed = own_row(factors, fields, field)
        put(places, field, summed)
        for k in range(0, wide, len(lanes)):
            store(memory, summed + k, nothing)
        for j in range(get(shape.starts, field), get(shape.starts, field + 1)):
            weight = get(weights, first_weight + j)
            if weight != ZERO:
                row = np.int64(get(rows, at + j)) * size
                for k in range(0, wide, len(lanes)):
                    added = load(memory, summed + k, lanes) + weight * load(memory, row + k, lanes)
                    store(memory, summed + k, added)


@inlined
def own_row(factors: Table, fields: int, field: int) -> int:
    """Where the row of a field with weights begins."""
    return factors.memory.size - SPARE - (fields - field) * factors.row


@inlined
def pairs(shape: Shape, factors: Table, places: np.ndarray) -> np.float32:
    """Of one row."""
    memory, _, wide, lanes = factors
    fields = shape.starts.size - 1
    width = wide // fields
    found = splat(ZERO, lanes)
    for i in range(fields):
        row = get(places, i)
        for j in range(i + 1, fields):
            ours, theirs = row + j * width, get(places, j) + i * width
            for k in range(0, width, len(lanes)):
                found = found + load(memory, ours + k, lanes) * load(memory, theirs + k, lanes)
    return np.float32(total(found))


@inlined
def add_pair_gradients(
    shape: Shape, factors: Table, places: np.ndarray, gradient: np.float32, penalty: np.float32
) -> None:
    """To the vectors' gradients; of fields without weights the penalty's too."""
    memory, _, wide, lanes = factors
    fields = shape.starts.size - 1
    width = wide // fields
    for i in range(fields):
        row = get(places, i)
        penalty_i = penalty if i < shape.single else ZERO
        for k in range(i * width, (i + 1) * width, len(lanes)):  # towards its own field
            place = row + wide + k
            store(
                memory, place, load(memory, place, lanes) + penalty_i * load(memory, row + k, lanes)
            )
        for j in range(i + 1, fields):
            penalty_j = penalty if j < shape.single else ZERO
            ours, theirs = row + j * width, get(places, j) + i * width
            for k in range(0, width, len(lanes)):
                one, other = load(memory, ours + k, lanes), load(memory, theirs + k, lanes)
                of_one, of_other = ours + wide + k, theirs + wide + k
                added = gradient * other + penalty_i * one
                store(memory, of_one, load(memory, of_one, lanes) + added)
                added = gradient * one + penalty_j * other
                store(memory, of_other, load(memory, of_other, lanes) + added)


@inlined
def spread_gradients(
    rows: np.ndarray,
    weights: np.ndarray,
    shape: Shape,
    at: int,
    factors: Table,
    penalty: np.float32,
) -> None:
    """From the rows of fields with weights, where it is 0 again afterwards, to those of their entries."""
    memory, size, wide, lanes = factors
    fields = shape.starts.size - 1
    first_weight = at + shape.entries - shape.single
    for field in range(shape.single, fields):
        summed = own_row(factors, fields, field) + wide
        for j in range(get(shape.starts, field), get(shape.starts, field + 1)):
            weight = get(weights, first_weight + j)
            if weight != ZERO:
                row = np.int64(get(rows, at + j)) * size
                for k in range(0, wide, len(lanes)):
                    added = weight * load(memory, summed + k, lanes)
                    added = added + penalty * load(memory, row + k, lanes)
                    place = row + wide + k
                    store(memory, place, load(memory, place, lanes) + added)
        for k in range(0, wide, len(lanes)):
            store(memory, summed + k, splat(ZERO, lanes))


@compiled
def add_gradients(
    batch: Batch,
    weights: np.ndarray,
    shape: Shape,
    n: int,
    bias_row: int,
    l2: float,
    places: np.ndarray,
) -> None:
    """As that of logistic.py, and of the penalty."""
    rows, stride, linear, factors = batch.rows, batch.stride, batch.linear, batch.factors
    bias_at = bias_row * linear.row
    bias, of_bias = get(linear.memory, bias_at), ZERO
    label_at = 2 * shape.entries - shape.single
    share, penalty = ONE / np.float32(n), np.float32(2 * l2 / n)
    for i in range(n):
        at = i * stride
        places_of(rows, weights, shape, at, factors, places)
        logit = linear_logit(rows, weights, shape, at, linear) + bias
        logit += pairs(shape, factors, places)
        gradient = gradient_of_logit(logit, get(weights, at + label_at)) * share
        of_bias += gradient
        add_linear_gradient(rows, weights, shape, at, linear, gradient)
        add_pair_gradients(shape, factors, places, gradient, penalty)
        spread_gradients(rows, weights, shape, at, factors, penalty)
    put(linear.memory, bias_at + 1, of_bias)


@compiled
def epoch(
    source: np.ndarray, shape: Shape, order: np.ndarray, size: int, hides: Hides,
    batch: Batch, linear: Table, factors: Table, descent: Descent, step: int,
) -> int:  # fmt: skip
    """Batches of `size` rows in the order of `order`, after `step` steps; how many there are then."""
    weights = batch.rows.view(np.float32)
    places = np.empty(shape.starts.size, np.int64)
    for first in range(0, order.size, size):
        stop = min(order.size, first + size)
        step += 1
        count = begin(
            source, shape, order, first, stop, hides, batch, step, linear, factors, descent
        )
        add_gradients(batch, weights, shape, stop - first, count - 1, descent.l2, places)
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
    places = np.empty(shape.starts.size, np.int64)
    for i in range(out.size):
        at = i * shape.width
        places_of(source, weights, shape, at, factors, places)
        logit = linear_logit(source, weights, shape, at, linear) + bias
        out[i] = logit + pairs(shape, factors, places)
