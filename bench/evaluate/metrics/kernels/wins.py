"""Counting the pairs of a positive and a negative that scores order right, over many rows, a user or all rows at a time."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.evaluate.metrics.kernels.radix import sort_keys, sortable

__all__ = ["MOST_USER_BITS", "wins_by_user"]

MOST_USER_BITS = 31  # beside 32 bits of a score and its mark


def wins_by_user(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each user that has rows, ascending: positives, negatives, and twice the pairs that are ordered right, ties counted
    half, int64 each. y (n,) of 0 and 1, logits (n,) float32 or float64 without NaN, users (n,) whole numbers from 0, None: all
    rows are one's; n > 0."""
    keys, marks = sortable(logits), y.astype(np.uint8)
    if users is None:
        sort_keys(keys, marks, 8 * logits.itemsize)
        return _count(keys, marks, np.broadcast_to(np.uint64(0), keys.shape))
    owners = users.astype(np.uint64)
    user_bits = int(owners.max()).bit_length()
    if logits.dtype == np.float32 and user_bits <= MOST_USER_BITS:
        keys |= owners << np.uint64(32)
        sort_keys(keys, marks, 32 + user_bits)
        return _count(keys, marks, keys >> np.uint64(32))
    owners |= y.astype(np.uint64) << np.uint64(63)
    sort_keys(keys, owners, 64)
    sort_keys(owners, keys, user_bits)
    marks = (owners >> np.uint64(63)).astype(np.uint8)
    return _count(keys, marks, owners & np.uint64(2**63 - 1))


@compiled
def _count(
    keys: np.ndarray, marks: np.ndarray, users: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of rows sorted by user and score."""
    n = keys.size
    found = 1
    for i in range(1, n):
        found += users[i] != users[i - 1]
    positives, negatives = np.zeros(found, np.int64), np.zeros(found, np.int64)
    twice_wins = np.zeros(found, np.int64)
    user, i = -1, 0
    while i < n:
        if i == 0 or users[i] != users[i - 1]:
            user += 1
        first = i
        ones = np.int64(0)
        while i < n and keys[i] == keys[first] and users[i] == users[first]:
            ones += marks[i]
            i += 1
        zeros = i - first - ones
        twice_wins[user] += ones * (2 * negatives[user] + zeros)
        positives[user] += ones
        negatives[user] += zeros
    return positives, negatives, twice_wins
