"""What every compiled epoch does around a batch: rows side by side, their table rows taken, and moved."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put
from bench.learn.kernels import adagrad, adam
from bench.learn.kernels.batches import gather, hide, touch
from bench.learn.kernels.resting import Rest
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.tables import Table

__all__ = ["ADAGRAD", "ADAM", "Batch", "Descent", "Hides", "begin", "end", "mark_moved"]

ADAM, ADAGRAD = 0, 1
take_by_adam, take_by_adagrad, rested = adam.take, adagrad.take, adam.rested
move_by_adam, move_by_adagrad = adam.move, adagrad.move

# who hides, by row in the order of an epoch; which of a row's entries becomes which one
Hides = tuple[np.ndarray, int, np.int32]


class Descent(NamedTuple):
    """How table rows are moved, and when they were: moved (J + 1,) int32 is the step in which each was last."""

    optimiser: int
    rate: float
    l2: float
    rest: Rest
    moved: np.ndarray
    place: np.ndarray  # (J + 1,) int32: room for `touch`


class Batch(NamedTuple):
    """Room for a batch: its rows, from a multiple of `stride` on, and the table rows that it touches."""

    rows: np.ndarray  # int32
    stride: int
    touched: np.ndarray  # int32
    rest: np.ndarray  # float32, adam.REST of each
    linear: Table
    factors: Table


@compiled
def begin(
    source: np.ndarray, shape: Shape, order: np.ndarray, first: int, stop: int, hides: Hides,
    batch: Batch, step: int, linear: Table, factors: Table, descent: Descent,
) -> int:  # fmt: skip
    """Rows order[first:stop] side by side in `batch`, and the values of the table rows that they touch: how many, with the
    bias (row J), which is the last of them."""
    hidden, column, unknown = hides
    gather(source, shape.width, order, first, stop, batch.rows, batch.stride)
    if hidden.size:
        hide(hidden, first, stop, column, unknown, batch.rows, batch.stride)
    moved, touched = descent.moved, batch.touched
    rows = stop - first
    count = touch(batch.rows, batch.stride, rows, shape.entries, moved, descent.place, touched)
    put(touched, count, np.int32(moved.size - 1))
    count += 1
    if descent.optimiser == ADAM:
        rested(touched, count, moved, step - 1, descent.rest, descent.rate, batch.rest)
        take_by_adam(linear, touched, count, batch.rest, batch.linear)
        take_by_adam(factors, touched, count, batch.rest, batch.factors)
    else:
        take_by_adagrad(linear, touched, count, batch.linear)
        take_by_adagrad(factors, touched, count, batch.factors)
    return count


@compiled
def end(
    step: int, linear: Table, factors: Table, descent: Descent, batch: Batch, count: int
) -> None:
    """Move the touched rows by their gradients."""
    rate, touched = descent.rate, batch.touched
    if descent.optimiser == ADAM:
        move_by_adam(linear, touched, count, batch.rest, batch.linear, step, rate)
        move_by_adam(factors, touched, count, batch.rest, batch.factors, step, rate)
    else:
        move_by_adagrad(linear, touched, count, batch.linear, np.float32(rate))
        move_by_adagrad(factors, touched, count, batch.factors, np.float32(rate))
    mark_moved(descent.moved, touched, count, step)


@compiled
def mark_moved(moved: np.ndarray, touched: np.ndarray, count: int, step: int) -> None:
    """The touched rows were last moved in this step."""
    for i in range(count):
        put(moved, np.int64(get(touched, i)), np.int32(step))
