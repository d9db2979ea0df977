"""Counting the pairs that scores order right, for 64 resamples of users at once: one walk over the sorted rows.

A row counts as often as its user was drawn, so that each count of `wins` is a vector here, with a lane a resample: negatives
are added to those below, and positives are multiplied with these. A step of the walk takes up to two negatives and then up to
two positives, and rows of nobody, who is never drawn, in the places of those that are missing: no branch hangs on a label.

Lanes are bytes, two of them a number of 16 bits; their products are kept apart. A *leaf* is so few steps that neither bytes
nor products overflow whatever the labels, a *block* so few that 32 bits don't; 64 bits hold the whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, put
from bench.compiled.whole_vectors import (
    NUMBERS,
    high_bytes,
    load_numbers,
    low_bytes,
    store_numbers,
    widened,
    zeros,
)
from bench.evaluate.metrics.kernels.sorted_rows import NEGATIVE, USER

__all__ = ["LANES", "LARGEST", "steps_of", "walk"]

LANES = 2 * NUMBERS  # resamples a walk: 64 bytes a user, which caches fetch as one
LARGEST = 127  # weight: two of them fit a byte
PLACES = 4  # of a step: negative, negative, positive, positive


@compiled
def steps_of(rows: np.ndarray, nobody: int) -> np.ndarray:
    """(steps * PLACES,) uint32: where a user's weights begin among the numbers of a tile. rows (n,) uint64 in the order of the
    walk, as `sorted_rows` gives them; `nobody` is no user of them, below 2^27."""
    steps = np.full(PLACES * (rows.size // 2 + 2), nobody * NUMBERS, np.uint32)
    step, negatives, positives = 0, 0, 0
    for i in range(rows.size):
        begin = np.uint32((rows[i] & USER) * np.uint64(NUMBERS))
        negative = rows[i] & NEGATIVE != 0
        if positives == 2 or (negative and (negatives == 2 or positives == 1)):
            step, negatives, positives = step + PLACES, 0, 0
        if negative:
            put(steps, step + negatives, begin)
            negatives += 1
        else:
            put(steps, step + 2 + positives, begin)
            positives += 1
    return steps[: step + PLACES]


@compiled
def walk(
    steps: np.ndarray, numbers: np.ndarray, largest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(LANES,) uint64 each: positives, negatives, and pairs whose negative comes first.

    numbers ((U + 1) * NUMBERS,) uint16: the weights of U users and of nobody, none above `largest`, from 1 to LARGEST."""
    block = PLACES * (65535 // (2 * largest))  # at most 65,535 of either class: 65,535^2 wins
    of_block = np.empty(6 * NUMBERS, np.uint32)
    positives, negatives = np.zeros(LANES, np.uint64), np.zeros(LANES, np.uint64)
    wins = np.zeros(LANES, np.uint64)
    for start in range(0, steps.size, block):
        _walk_block(steps, start, min(steps.size, start + block), numbers, largest, of_block)
        for place in range(LANES):  # low bytes are the even lanes
            lane = 2 * (place % NUMBERS) + place // NUMBERS
            more = np.uint64(of_block[place])
            wins[lane] += of_block[2 * LANES + place] + negatives[lane] * more
            positives[lane] += more
            negatives[lane] += of_block[LANES + place]
    return positives, negatives, wins


@compiled
def _walk_block(
    steps: np.ndarray, start: int, stop: int, numbers: np.ndarray, largest: int, found: np.ndarray
) -> None:
    """found (6 * NUMBERS,) uint32: positives, negatives, wins, each of low bytes and then of high ones."""
    leaf = PLACES * (255 // (2 * largest))  # at most 255 of either class: 255^2 wins
    none, nothing = zeros(np.uint16(0)), zeros(np.uint32(0))
    low_positives, high_positives = nothing, nothing
    low_negatives, high_negatives = nothing, nothing
    low_wins, high_wins = nothing, nothing
    for first in range(start, stop, leaf):
        positives, negatives, low, high = none, none, none, none
        for step in range(first, min(first + leaf, stop), PLACES):
            negatives = negatives + _weights(steps, step, numbers)
            more = _weights(steps, step + 2, numbers)
            low = low + low_bytes(negatives) * low_bytes(more)
            high = high + high_bytes(negatives) * high_bytes(more)
            positives = positives + more
        low_more, high_more = widened(low_bytes(positives)), widened(high_bytes(positives))
        low_wins = low_wins + widened(low) + low_negatives * low_more
        high_wins = high_wins + widened(high) + high_negatives * high_more
        low_positives, high_positives = low_positives + low_more, high_positives + high_more
        low_negatives = low_negatives + widened(low_bytes(negatives))
        high_negatives = high_negatives + widened(high_bytes(negatives))
    store_numbers(found, 0, low_positives)
    store_numbers(found, NUMBERS, high_positives)
    store_numbers(found, 2 * NUMBERS, low_negatives)
    store_numbers(found, 3 * NUMBERS, high_negatives)
    store_numbers(found, 4 * NUMBERS, low_wins)
    store_numbers(found, 5 * NUMBERS, high_wins)


@inlined
def _weights(steps: np.ndarray, place: int, numbers: np.ndarray) -> Any:
    """Of the users in a step's places `place` and the next, added up."""
    one, other = np.int64(get(steps, place)), np.int64(get(steps, place + 1))
    return load_numbers(numbers, one) + load_numbers(numbers, other)
