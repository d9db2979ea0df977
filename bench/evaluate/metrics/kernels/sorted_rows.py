"""Rows in the order of their scores, as whole numbers that are sorted as such: rank of the score, class, user."""

from __future__ import annotations

import numpy as np

from bench.compiled import compiled
from bench.evaluate.metrics.kernels.radix import sortable

__all__ = ["NEGATIVE", "USER", "marked_users", "sorted_rows", "tied_rows"]

SCORE = np.uint64(32)  # the rank is above this bit
NEGATIVE = np.uint64(1 << 31)  # the mark of a negative: positives come first among equal scores
USER = np.uint64((1 << 31) - 1)


def marked_users(y: np.ndarray, users: np.ndarray) -> np.ndarray:
    """(n,) uint64: what is below the rank. y (n,) of 0 and 1; users (n,) from 0 on, below 2^31."""
    return users.astype(np.uint64) | np.where(y == 1, np.uint64(0), NEGATIVE)


def sorted_rows(marked: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """(n,) uint64 ascending. marked (n,) as above; logits (n,) float32 or float64 without NaN, compared in their own dtype;
    0 < n < 2^32."""
    rows: np.ndarray = (_ranks(logits) << SCORE) | marked
    rows.sort()
    return rows


def _ranks(logits: np.ndarray) -> np.ndarray:
    """(n,) uint64 below 2^32: in the order of the logits, equal where they are equal."""
    with np.errstate(over="ignore"):  # infinite, and so not the same
        narrow = logits.astype(np.float32)
    if (narrow == logits).all():
        return sortable(narrow)
    order = np.argsort(logits)
    ascending = logits[order]
    ranks = np.empty(len(logits), np.uint64)
    ranks[order] = np.cumsum(np.concatenate([[False], ascending[1:] != ascending[:-1]]))
    return ranks


@compiled
def tied_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Of sorted rows those that tie with one of the other class: as they are, positives first among equal scores; and with
    negatives first. (m,) each. And the AUC of all rows, each once; NaN where they have one class."""
    negatives_below, twice_wins = 0, 0
    positives_first, negatives_first = np.empty_like(rows), np.empty_like(rows)
    found, first = 0, 0
    while first < rows.size:
        last, positives = first, 0
        while last < rows.size and rows[last] >> SCORE == rows[first] >> SCORE:
            positives += rows[last] & NEGATIVE == 0
            last += 1
        if 0 < positives < last - first:
            turn, stop = first + positives, found + last - first
            positives_first[found:stop] = rows[first:last]
            negatives_first[found : stop - positives] = rows[turn:last]
            negatives_first[stop - positives : stop] = rows[first:turn]
            found = stop
        negatives = last - first - positives
        twice_wins += positives * (2 * negatives_below + negatives)
        negatives_below += negatives
        first = last
    pairs = negatives_below * (rows.size - negatives_below)
    return positives_first[:found].copy(), negatives_first[:found].copy(), twice_wins / (2 * pairs)
