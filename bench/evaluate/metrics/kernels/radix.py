"""Sorting scores by their bits, a digit of eleven bits a pass (Knuth 5.2.5): whole numbers, so that no order is lost."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled, inlined
from bench.compiled.memory import get, put

__all__ = ["sort_keys", "sortable"]

DIGIT = 11
SLOTS = (1 << DIGIT) + 1
MASK = np.uint64((1 << DIGIT) - 1)


def sortable(scores: np.ndarray) -> np.ndarray:
    """(n,) uint64 of float32 or float64, below 2^32 of the former: in the order of the scores, equal where they are equal (-0
    is 0). No NaN."""
    bits = (scores + scores.dtype.type(0)).view(f"u{scores.itemsize}")
    return _in_order(bits, np.uint64(8 * scores.itemsize - 1))


@compiled
def _in_order(bits: np.ndarray, sign: np.uint64) -> np.ndarray:
    """Negative numbers have all bits inverted, positive ones the sign alone."""
    keys = np.empty(bits.size, np.uint64)
    top = np.uint64(1) << sign
    every = top | (top - np.uint64(1))
    for i in range(bits.size):
        own = np.uint64(bits[i])
        keys[i] = own ^ (every if own & top else top)
    return keys


@compiled
def sort_keys(keys: np.ndarray, carried: np.ndarray, bits: int) -> None:
    """Sort keys (n,) uint64 by their lowest `bits` bits, and carried (n,) along with them. Stable, in place."""
    passes = (bits + DIGIT - 1) // DIGIT
    starts = _starts(keys, passes)
    ours, theirs = keys, np.empty_like(keys)
    our_load, their_load = carried, np.empty_like(carried)
    swapped = False
    for number in range(passes):
        begin = number * SLOTS
        if get(starts, begin + SLOTS - 1) < 0:  # the same digit everywhere
            continue
        for i in range(keys.size):
            key = get(ours, i)
            slot = begin + _digit(key, number)
            place = get(starts, slot)
            put(starts, slot, place + 1)
            put(theirs, place, key)
            put(their_load, place, get(our_load, i))
        ours, theirs = theirs, ours
        our_load, their_load = their_load, our_load
        swapped = not swapped
    if swapped:
        keys[:] = ours
        carried[:] = our_load


@compiled
def _starts(keys: np.ndarray, passes: int) -> np.ndarray:
    """(passes * SLOTS,): where each digit's keys begin; in a pass's last slot -1 where all keys have one digit."""
    starts = np.zeros(passes * SLOTS, np.int64)
    for i in range(keys.size):
        key = get(keys, i)
        for number in range(passes):
            slot = number * SLOTS + _digit(key, number)
            put(starts, slot, get(starts, slot) + 1)
    for begin in range(0, passes * SLOTS, SLOTS):
        total, one_digit = 0, False
        for own in range(begin, begin + SLOTS - 1):
            count = starts[own]
            one_digit |= count == keys.size
            starts[own] = total
            total += count
        starts[begin + SLOTS - 1] = -1 if one_digit else total
    return starts


@inlined
def _digit(key: np.uint64, number: int) -> np.int64:
    return np.int64((key >> np.uint64(number * DIGIT)) & MASK)
