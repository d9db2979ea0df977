"""Pooled AUC of many resamples of users, by merging: the way for many users.

A resample weighs a row by how often its user was drawn, so that each count of `bench.evaluate.metrics.auc` is a vector here,
with a lane a resample. Sorted rows are gathered into leaves (some negatives, then some positives) by a product with a sparse
matrix, and neighbours are merged as in a tournament: wins of both + negatives of the left one x positives of the right one.
So nearly all of the work is done on the narrowest integers that can't overflow, in arrays that stay in cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy

from bench.evaluate.metrics.ascending import ascending

__all__ = ["auc_by_tournament"]

_RUN = 4  # most negatives, and most positives, of a leaf: caps what it can hold, and so how soon integers widen
_LEAVES = 256  # merged as one block (a power of 2)
_LANES = 1000  # resamples at once: with _LEAVES and 2 bytes each, half a megabyte
_WIDTHS = (np.uint16, np.uint32, np.uint64)


class _Leaves(NamedTuple):
    negatives: scipy.sparse.csr_array  # (leaves, users) halves of negatives
    positives: scipy.sparse.csr_array  # (leaves, users) positives


def auc_by_tournament(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(R,) float64, NaN where no row of one class is drawn; exact up to the last division.

    y (n,) of 0 and 1; logits (n,) without NaN, compared in their own dtype; users (n,) in 0..U - 1; weights (U, R) whole
    numbers: how often a resample has each user. n > 0."""
    leaves = _gathered(y, logits, users, len(weights))
    largest = max(1, int(weights.max()))
    lanes = (weights[:, first : first + _LANES] for first in range(0, weights.shape[1], _LANES))
    return np.concatenate(
        [_auc(leaves, np.ascontiguousarray(some, _width(0, largest)), largest) for some in lanes]
    )


def _auc(leaves: _Leaves, weights: np.ndarray, largest: int) -> np.ndarray:
    """(lanes,) of the resamples with these weights (users, lanes)."""
    # of the blocks so far
    negatives, positives, wins = (np.zeros(weights.shape[1], dtype=np.uint64) for _ in range(3))
    for first in range(0, leaves.negatives.shape[0], _LEAVES):
        block = slice(first, first + _LEAVES)
        more = _merged(
            leaves.negatives[block] @ weights, leaves.positives[block] @ weights, largest
        )
        wins += more.wins + negatives * more.positives
        negatives += more.negatives
        positives += more.positives
    with np.errstate(invalid="ignore"):  # one class: 0 / 0
        return np.asarray(wins / (negatives * positives))


class _Counts(NamedTuple):
    """(lanes,) uint64 each; negatives in halves, and so wins."""

    negatives: np.ndarray
    positives: np.ndarray
    wins: np.ndarray


def _merged(negatives: np.ndarray, positives: np.ndarray, largest: int) -> _Counts:
    """Of a block whose leaves have the counts (_LEAVES, lanes). In a leaf all negatives are below all positives."""
    left, right = (
        slice(0, None, 2),
        slice(1, None, 2),
    )  # neighbours: the left one's rows lie below the right one's
    wins = negatives * positives
    for level in range(1, _LEAVES.bit_length()):
        width = _width(level, largest)
        negatives, positives, wins = (
            array.astype(width, copy=False) for array in (negatives, positives, wins)
        )
        wins = wins[left] + wins[right]
        wins += negatives[left] * positives[right]
        negatives = negatives[left] + negatives[right]
        positives = positives[left] + positives[right]
    return _Counts(*(array[0].astype(np.uint64) for array in (negatives, positives, wins)))


def _width(level: int, largest: int) -> type[np.unsignedinteger]:
    """The narrowest integers that hold the wins of 2^level leaves, whatever the weights up to `largest`."""
    most_rows = _RUN * largest << level  # of one class
    most_wins = 2 * most_rows**2
    return next(width for width in _WIDTHS if most_wins <= np.iinfo(width).max)


def _gathered(y: np.ndarray, logits: np.ndarray, users: np.ndarray, n_users: int) -> _Leaves:
    rows = ascending(y, logits)
    leaf_of_row, user_of_row = _leaf_of_row(rows.positive), users[rows.rows]  # (m,) each
    leaves = int(leaf_of_row[-1]) + 1
    in_whole_blocks = -(-leaves // _LEAVES) * _LEAVES  # the leaves that are added have no rows

    def matrix(mine: np.ndarray, values: np.ndarray) -> scipy.sparse.csr_array:
        # entries of one user in a leaf are not added up, so that the cap on a leaf holds
        lengths = np.bincount(leaf_of_row[mine], minlength=in_whole_blocks)
        pointers = np.concatenate([[0], np.cumsum(lengths)])
        entries = values.astype(np.uint16), user_of_row[mine], pointers
        return scipy.sparse.csr_array(entries, shape=(in_whole_blocks, n_users))

    negative = ~rows.positive
    return _Leaves(
        matrix(negative, rows.halves[negative]), matrix(rows.positive, np.ones(rows.positive.sum()))
    )


def _leaf_of_row(positive: np.ndarray) -> np.ndarray:
    """(m,) ascending from 0: at most _RUN negatives followed by at most _RUN positives share a leaf."""
    # where a run of one class starts
    changes = np.concatenate([[True], positive[1:] != positive[:-1]])
    start_of_run = np.flatnonzero(changes)
    # each row's place in its run
    in_run = np.arange(len(positive)) - start_of_run[np.cumsum(changes) - 1]
    follows_negatives = positive & (in_run == 0)  # and so goes on with their leaf
    starts = (in_run % _RUN == 0) & ~follows_negatives
    return np.asarray(np.cumsum(starts) - int(starts[0]))
