"""Adam of the table rows that a batch touches, and of no others; yet it is dense Adam, by what `rested` makes up for.

In a batch: `rested` says how long each of its rows was at rest; `take` copies their values, as dense Adam has them, to a table
of the batch's own, where they are read and gradients are summed; `move` decays their moments by as much as they rested, and
makes the batch's step."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.compiled.memory import get, put
from bench.compiled.vectors import load, root, splat, store
from bench.learn.kernels.batches import AHEAD, UNMARKED, prefetch_row
from bench.learn.kernels.resting import BETA1, BETA2, EPSILON, Rest
from bench.learn.kernels.tables import Table

__all__ = ["REST", "move", "rested", "settle", "take"]

REST = 5  # float32 of a row, as `rested` gives them
ONE, ZERO = np.float32(1), np.float32(0)
NEW1, NEW2, OLD2 = np.float32(1 - BETA1), np.float32(1 - BETA2), np.float32(BETA2)
SMALL = np.float32(EPSILON)


@compiled
def rested(
    touched: np.ndarray,
    count: int,
    moved: np.ndarray,
    step: int,
    rest: Rest,
    rate: float,
    out: np.ndarray,
) -> None:
    """Of `count` rows after `step` steps, REST numbers each: by how much of m / sqrt(v) they are to be moved; mean and
    variance of epsilon y_k; the decays of both moments."""
    tails, ratios, decays = rest
    # from the tables' last step on all steps are alike, and after as many nothing is left of a moment
    last = np.int64(decays.shape[1] - 1)
    now = min(np.int64(step), last)
    for i in range(count):
        entry = np.int64(get(touched, i))
        since = get(moved, entry) & UNMARKED
        at = i * REST
        if since == 0 or since >= step:
            put(out, at, ZERO)
            put(out, at + 3, ONE)
            put(out, at + 4, ONE)
            continue
        steps, then = min(np.int64(step - since), last), min(np.int64(since), last)
        total = tails[0, then] - ratios[0, steps] * tails[0, now]
        share = 1 / total
        mean = share * (tails[1, then] - ratios[1, steps] * tails[1, now])
        square = share * (tails[2, then] - ratios[2, steps] * tails[2, now])
        put(out, at, np.float32(rate * total))
        put(out, at + 1, np.float32(EPSILON * mean))
        put(out, at + 2, np.float32(EPSILON * EPSILON * max(square - mean * mean, 0.0)))
        put(out, at + 3, decays[0, steps])
        put(out, at + 4, decays[1, steps])


@compiled
def take(table: Table, touched: np.ndarray, count: int, rest: np.ndarray, batch: Table) -> None:
    """To the batch's own table: the values of `count` rows, where dense Adam has them. rest: as `rested` gives it."""
    memory, row, wide, lanes = table
    to, size = batch.memory, batch.row
    for i in range(count):
        moves, mean, variance = (
            get(rest, i * REST),
            get(rest, i * REST + 1),
            get(rest, i * REST + 2),
        )
        prefetch_row(table, touched, i + AHEAD, count)
        at = np.int64(get(touched, i)) * row
        if wide == 1:
            value = get(memory, at)
            if moves != ZERO:
                inverse = ONE / (np.sqrt(get(memory, at + 2)) + mean)
                change = get(memory, at + 1) * inverse * (ONE + variance * inverse * inverse)
                value -= moves * change
            put(to, i * size, value)
            continue
        one, least = splat(ONE, lanes), splat(mean, lanes)
        for k in range(0, wide, len(lanes)):
            here = at + k
            vector = load(memory, here, lanes)
            if moves != ZERO:
                first, second = (
                    load(memory, here + wide, lanes),
                    load(memory, here + 2 * wide, lanes),
                )
                inverse = one / (root(second) + least)
                change = first * inverse * (one + variance * inverse * inverse)
                vector = vector - moves * change
            store(to, i * size + k, vector)


@compiled
def settle(table: Table, touched: np.ndarray, count: int, rest: np.ndarray, batch: Table) -> None:
    """Back from the batch's own table, where no step follows: values as they were taken, and decayed moments."""
    memory, row, wide, lanes = table
    for i in range(count):
        decay1, decay2 = get(rest, i * REST + 3), get(rest, i * REST + 4)
        at, taken = np.int64(get(touched, i)) * row, i * batch.row
        if wide == 1:
            put(memory, at, get(batch.memory, taken))
            put(memory, at + 1, get(memory, at + 1) * decay1)
            put(memory, at + 2, get(memory, at + 2) * decay2)
            continue
        for k in range(0, wide, len(lanes)):
            here = at + k
            store(memory, here, load(batch.memory, taken + k, lanes))
            store(memory, here + wide, decay1 * load(memory, here + wide, lanes))
            store(memory, here + 2 * wide, decay2 * load(memory, here + 2 * wide, lanes))


@compiled
def move(
    table: Table,
    touched: np.ndarray,
    count: int,
    rest: np.ndarray,
    batch: Table,
    step: int,
    rate: float,
) -> None:
    """Step number `step` (from 1) of `count` rows, from the values and gradients in the batch's own table; its gradients are
    0 afterwards."""
    memory, row, wide, lanes = table
    given, size = batch.memory, batch.row
    rate_now = np.float32(rate / (1 - BETA1**step))
    unbias = np.float32(1 / np.sqrt(1 - BETA2**step))
    nothing, small = splat(ZERO, lanes), splat(SMALL, lanes)
    for i in range(count):
        decay1, decay2 = get(rest, i * REST + 3), OLD2 * get(rest, i * REST + 4)
        prefetch_row(table, touched, i + AHEAD, count)
        at, taken = np.int64(get(touched, i)) * row, i * size
        if wide == 1:
            gradient, first = get(given, taken + 1), decay1 * get(memory, at + 1)
            first += NEW1 * (gradient - first)
            second = decay2 * get(memory, at + 2) + NEW2 * gradient * gradient
            change = rate_now * first / (np.sqrt(second) * unbias + SMALL)
            put(given, taken + 1, ZERO)
            put(memory, at, get(given, taken) - change)
            put(memory, at + 1, first)
            put(memory, at + 2, second)
            continue
        for k in range(0, wide, len(lanes)):
            here, there = at + k, taken + k
            gradient = load(given, there + wide, lanes)
            first = decay1 * load(memory, here + wide, lanes)
            first = first + NEW1 * (gradient - first)
            second = decay2 * load(memory, here + 2 * wide, lanes) + NEW2 * (gradient * gradient)
            change = rate_now * first / (unbias * root(second) + small)
            store(given, there + wide, nothing)
            store(memory, here, load(given, there, lanes) - change)
            store(memory, here + wide, first)
            store(memory, here + 2 * wide, second)
