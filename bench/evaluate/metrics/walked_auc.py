"""Pooled AUC of many resamples of users, by compiled walks over sorted rows: the way for all that pays for numba's import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.metrics.kernels.sorted_rows import marked_users, sorted_rows, tied_rows
from bench.evaluate.metrics.kernels.walk import LANES, LARGEST, steps_of, walk

__all__ = ["auc_by_walks"]


def auc_by_walks(
    y: np.ndarray, logits: Sequence[np.ndarray], users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(1 + R, M) float64, of all rows and of each resample; NaN where no row of one class is drawn. Exact up to the last
    division, while twice the pairs of a resample are fewer than 2^64.

    y (n,) of 0 and 1; logits (n,) of each of M methods, without NaN, compared in their own dtype; users (n,) in 0..U - 1;
    weights (U, R) uint8: how often a resample has each user. n > 0, M > 0."""
    marked, shares = marked_users(y, users), _shares(weights)
    return np.stack(
        [_auc(sorted_rows(marked, one), shares, len(weights)) for one in logits], axis=1
    )


def _shares(weights: np.ndarray) -> np.ndarray:
    """(k * U, R) without weights above LARGEST: who is drawn more often is k users, u, U + u and so on, who share the draws.
    Draws of fewer than 128 users have no such weight, and those of more as good as never."""
    parts = -(-int(weights.max()) // LARGEST)
    if parts < 2:
        return weights
    wide = weights.astype(np.uint16)
    return np.concatenate([((wide + part) // parts).astype(np.uint8) for part in range(parts)])


def _auc(rows: np.ndarray, weights: np.ndarray, users: int) -> np.ndarray:
    """(1 + R,). rows (n,) as `sorted_rows` gives them; weights (k * U, R), a multiple of the `users` in the rows."""
    nobody, largest = len(weights), max(1, int(weights.max()))
    strict = steps_of(_of_shares(rows, users, nobody), nobody)
    # Rows that tie, once more in either order of their classes: so much do their ties make.
    *tied, of_all = tied_rows(rows)
    positives_first, negatives_first = (
        steps_of(_of_shares(some, users, nobody), nobody) for some in tied
    )
    draws = np.empty(weights.shape[1])
    tile = _tile(nobody + 1)
    numbers = tile.ravel().view(np.uint16)
    for first in range(0, len(draws), LANES):
        drawn = weights[:, first : first + LANES]
        tile[:nobody, : drawn.shape[1]] = drawn
        positives, negatives, wins = walk(strict, numbers, largest)
        ties = walk(negatives_first, numbers, largest)[2]
        ties -= walk(positives_first, numbers, largest)[2]
        with np.errstate(invalid="ignore"):  # one class: 0 / 0
            auc = (2 * wins + ties) / (2 * positives * negatives)
        draws[first : first + LANES] = auc[: drawn.shape[1]]
    return np.concatenate([[of_all], draws])


def _of_shares(rows: np.ndarray, users: int, shared_by: int) -> np.ndarray:
    """(k * n,): each row once for every user who shares its user's draws; in the same order."""
    if users == shared_by:
        return rows
    return (rows[:, None] + np.arange(0, shared_by, users, dtype=np.uint64)).ravel()


def _tile(users: int) -> np.ndarray:
    """(users, LANES) uint8 of 0, each user's on a cache line of its own."""
    memory = np.zeros((users + 1) * LANES, np.uint8)
    start = -memory.ctypes.data % LANES
    return memory[start : start + users * LANES].reshape(users, LANES)
