"""Pooled AUC of many resamples of users, by merging: the way for many users.

A resample weighs a row by how often its user was drawn, so that each count of `bench.evaluate.metrics.auc` is a vector here,
with a lane a resample. Sorted rows are gathered into leaves (some negatives, then some positives) by a product with a sparse
matrix, and neighbours are merged as in a tournament: wins of both + negatives of the left one x positives of the right one.
So nearly all of the work is done on the narrowest integers that can't overflow, in arrays that stay in cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from bench.evaluate.metrics.ascending import ascending

__all__ = ["auc_by_tournament"]

_RUN = 4  # most negatives, and most positives, of a leaf: caps what it can hold, and so how soon integers widen
_LEAVES = 256  # merged as one block (a power of 2)
_LANES = 1000  # resamples at once: with _LEAVES and 2 bytes each, half a megabyte
_WIDTHS = (np.uint16, np.uint32, np.uint64)


class _Leaves(NamedTuple):
    negatives: csr_array  # (leaves, users) halves of negatives
    positives: csr_array  # (leaves, users) positives


def auc_by_tournament(y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) float64, NaN where no row of one class is drawn; exact up to the last division.

    y (n,) of 0 and 1; logits (n,) without NaN, compared in their own dtype; users (n,) in 0..U - 1; weights (U, R) whole
    numbers: how often a resample has each user. n > 0."""
    leaves, largest = _gathered(y, logits, users, len(weights)), max(1, int(weights.max()))
    lanes = (weights[:, first : first + _LANES] for first in range(0, weights.shape[1], _LANES))
    return np.concatenate([_auc(leaves, np.ascontiguousarray(some, _width(0, largest)), largest) for some in lanes])


def _auc(leaves: _Leaves, weights: np.ndarray, largest: int) -> np.ndarray:
    below, above, wins = (np.zeros(weights.shape[1], dtype=np.uint64) for _ in range(3))
    for first in range(0, leaves.negatives.shape[0], _LEAVES):
        block = slice(first, first + _LEAVES)
        halves, positives, won = _merged(leaves.negatives[block] @ weights, leaves.positives[block] @ weights, largest)
        wins += won + below * positives
        below += halves
        above += positives
    with np.errstate(invalid="ignore"):  # one class: 0 / 0
        return np.asarray(wins / (below * above))


def _merged(negatives: np.ndarray, positives: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts and wins (lanes,) of a block whose leaves have the counts (_LEAVES, lanes)."""
    wins = negatives * positives
    for level in range(1, _LEAVES.bit_length()):
        width = _width(level, largest)
        negatives, positives, wins = (array.astype(width, copy=False) for array in (negatives, positives, wins))
        wins = wins[0::2] + wins[1::2]
        wins += negatives[0::2] * positives[1::2]
        negatives, positives = negatives[0::2] + negatives[1::2], positives[0::2] + positives[1::2]
    return negatives[0].astype(np.uint64), positives[0].astype(np.uint64), wins[0].astype(np.uint64)


def _width(level: int, largest: int) -> type[np.unsignedinteger]:
    """The narrowest integers that hold the wins of 2^level leaves, whatever the weights up to `largest`."""
    most = 2 * (_RUN * largest << level) ** 2
    return next(width for width in _WIDTHS if most <= np.iinfo(width).max)


def _gathered(y: np.ndarray, logits: np.ndarray, users: np.ndarray, n_users: int) -> _Leaves:
    rows = ascending(y, logits)
    leaf, members = _leaf_of_row(rows.positive), users[rows.rows]
    count = -(-(int(leaf[-1]) + 1) // _LEAVES) * _LEAVES

    def matrix(mine: np.ndarray, values: np.ndarray) -> csr_array:
        # entries of one user in a leaf are not added up, so that the cap on a leaf holds
        pointers = np.concatenate([[0], np.cumsum(np.bincount(leaf[mine], minlength=count))])
        return csr_array((values.astype(np.uint16), members[mine], pointers), shape=(count, n_users))

    negative = ~rows.positive
    return _Leaves(matrix(negative, rows.halves[negative]), matrix(rows.positive, np.ones(rows.positive.sum())))


def _leaf_of_row(positive: np.ndarray) -> np.ndarray:
    """(m,) ascending from 0: at most _RUN negatives followed by at most _RUN positives share a leaf."""
    changes = np.concatenate([[True], positive[1:] != positive[:-1]])
    in_run = np.arange(len(positive)) - np.flatnonzero(changes)[np.cumsum(changes) - 1]
    starts = (~positive | (in_run > 0)) & (in_run % _RUN == 0)
    return np.asarray(np.cumsum(starts) - int(starts[0]))
