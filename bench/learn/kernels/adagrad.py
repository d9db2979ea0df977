"""AdaGrad (Duchi, Hazan, Singer, JMLR 2011, fig. 1, diagonal) of the table rows that a batch touches: a row without a gradient
stays where it is, so this is dense AdaGrad. The sum of squares lies where Adam has its second moment."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put
from bench.compiled.vectors import load, root, splat, store
from bench.learn.kernels.batches import AHEAD, prefetch_row
from bench.learn.kernels.tables import Table

__all__ = ["ADAGRAD_EPSILON", "move", "take"]

ADAGRAD_EPSILON = 1e-10
ZERO, SMALL = np.float32(0), np.float32(ADAGRAD_EPSILON)


@compiled
def take(table: Table, touched: np.ndarray, count: int, batch: Table) -> None:
    """To the batch's own table: the values of `count` rows."""
    memory, row, wide, lanes = table
    to, size = batch.memory, batch.row
    for i in range(count):
        prefetch_row(table, touched, i + AHEAD, count)
        at = np.int64(get(touched, i)) * row
        if wide == 1:
            put(to, i * size, get(memory, at))
            continue
        for k in range(0, wide, len(lanes)):
            store(to, i * size + k, load(memory, at + k, lanes))


@compiled
def move(table: Table, touched: np.ndarray, count: int, batch: Table, rate: np.float32) -> None:
    """A step of `count` rows, from the values and gradients in the batch's own table; its gradients are 0 afterwards."""
    memory, row, wide, lanes = table
    given, size = batch.memory, batch.row
    nothing, small = splat(ZERO, lanes), splat(SMALL, lanes)
    for i in range(count):
        prefetch_row(table, touched, i + AHEAD, count)
        at, taken = np.int64(get(touched, i)) * row, i * size
        if wide == 1:
            gradient = get(given, taken + 1)
            squares = get(memory, at + 2) + gradient * gradient
            change = rate * gradient / (np.sqrt(squares) + SMALL)
            put(given, taken + 1, ZERO)
            put(memory, at, get(given, taken) - change)
            put(memory, at + 2, squares)
            continue
        for k in range(0, wide, len(lanes)):
            here, there = at + k, taken + k
            gradient = load(given, there + wide, lanes)
            squares = load(memory, here + 2 * wide, lanes) + gradient * gradient
            change = rate * gradient / (root(squares) + small)
            store(given, there + wide, nothing)
            store(memory, here, load(given, there, lanes) - change)
            store(memory, here + 2 * wide, squares)
