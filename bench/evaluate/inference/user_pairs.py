"""Pooled AUC of many resamples of users, as a quadratic form: the way for few users and few rows.

With K[u, v] the pairs of a positive row of u and a negative row of v that are ordered right, and w how often each user was
drawn, the pairs of a resample that are ordered right are w' K w. K is counted once, in a walk over the sorted rows; from then
on a resample costs users^2 steps, whatever the rows, and all resamples together are products of matrices."""

from __future__ import annotations

import numpy as np

from bench.evaluate.metrics.ascending import ascending

__all__ = ["auc_by_user_pairs"]


def auc_by_user_pairs(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(R,) float64, NaN where no row of one class is drawn; exact up to the last division.

    y (n,) of 0 and 1; logits (n,) without NaN, compared in their own dtype; users (n,) in 0..U - 1; weights (U, R) whole
    numbers: how often a resample has each user. Holds U x U counts. n > 0."""
    n_users = len(weights)
    drawn = np.ascontiguousarray(weights.T, dtype=np.float64)  # (R, U)
    # (U,)
    positives, negatives = (
        np.bincount(users[y == label], minlength=n_users).astype(float) for label in (1, 0)
    )
    pairs = (drawn @ positives) * (drawn @ negatives)  # (R,)
    twice_wins = _twice_wins(y, logits, users, n_users)
    twice_ordered_right = np.einsum("ru,ru->r", drawn @ twice_wins.astype(np.float64), drawn)
    with np.errstate(invalid="ignore"):  # one class: 0 / 0
        return np.asarray(twice_ordered_right / (2 * pairs))


def _twice_wins(y: np.ndarray, logits: np.ndarray, users: np.ndarray, n_users: int) -> np.ndarray:
    """(U, U): 2 K, or its transpose, which is the same form."""
    # In the walk a positive costs U additions, a negative one. So the rarer class is made the positive one: with labels and
    # logits turned around every pair keeps its order, and its two users change places in K.
    if 2 * np.count_nonzero(y) > len(y):
        y, logits = 1 - y, -logits
    rows = ascending(y, logits)
    most = 2 * int(np.bincount(users).max()) ** 2
    wins = np.zeros((n_users, n_users), dtype=np.int32 if most < 1 << 31 else np.int64)
    wins_of_user = list(wins)  # views of its rows
    # of each user's negatives that the walk has passed
    halves_below = np.zeros(n_users, dtype=wins.dtype)
    one_by_one = halves_below.data  # the same numbers: indexing an array costs twice as much
    steps = (array.tolist() for array in (users[rows.rows], rows.positive, rows.halves))
    for user, positive, halves in zip(*steps, strict=True):
        if positive:
            own_wins = wins_of_user[user]
            own_wins += halves_below
        else:
            one_by_one[user] += halves
    return wins
