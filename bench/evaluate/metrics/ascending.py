"""Rows in the order in which AUC counts their pairs, ties split in halves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Ascending", "ascending"]


class Ascending(NamedTuple):
    """Rows by ascending score. A negative that ties with a positive comes twice, as a half before it and a half after it; any
    other comes as two halves at once. So twice the pairs that are ordered right, where ties count half, is the sum over
    positives of the halves of negatives before them: whole numbers throughout."""

    rows: np.ndarray  # (m,) int64, m >= n: positions in the input
    positive: np.ndarray  # (m,) bool
    halves: np.ndarray  # (m,) int64: 2, or 1 of a negative that ties; of no meaning for positives


def ascending(y: np.ndarray, logits: np.ndarray) -> Ascending:
    """y (n,) of 0 and 1; logits (n,) without NaN, compared exactly in their own dtype; n > 0."""
    order = np.argsort(logits)
    scores, positive = logits[order], y[order] == 1
    group = np.cumsum(np.concatenate([[False], scores[1:] != scores[:-1]]))
    positives = np.bincount(group, weights=positive)
    mixed = (positives > 0) & (positives < np.bincount(group))
    tied = np.flatnonzero(mixed[group] & ~positive)
    index = np.concatenate([np.arange(len(y)), tied])
    # in a group: halves, positives, halves
    place = np.concatenate([positive.astype(np.int64), np.full(len(tied), 2)])
    halves = np.full(len(index), 2)
    halves[tied] = halves[len(y) :] = 1
    by = np.argsort(group[index] * 3 + place, kind="stable")
    return Ascending(order[index[by]], place[by] == 1, halves[by])
