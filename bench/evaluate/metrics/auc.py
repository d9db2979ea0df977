"""Area under the ROC curve: the share of (positive, negative) pairs that are ordered right, where ties count half.

Wins are counted in integers over blocks of equal scores after one sort, so that nothing is lost before the last division. Of
many rows this is compiled: the same integers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["UserAUC", "auc_by_user", "pooled_auc"]

MANY_ROWS = 100_000  # from which importing numba pays


class UserAUC(NamedTuple):
    """One entry a user, ascending; `auc` is NaN where a user has one class."""

    rows: np.ndarray  # (users,) int64
    auc: np.ndarray  # (users,) float64


def pooled_auc(y: np.ndarray, logits: np.ndarray) -> float:
    """Of all rows at once; NaN where `y` has one class. y (n,) of 0 and 1, logits (n,) without NaN, n > 0."""
    if len(y) >= MANY_ROWS:
        return float(_compiled(y, logits, None).auc[0])
    order = np.argsort(logits)
    return float(_of_sorted(y[order], logits[order], np.zeros(len(y), dtype=np.int8)).auc[0])


def auc_by_user(y: np.ndarray, logits: np.ndarray, users: np.ndarray) -> UserAUC:
    """Of each user's rows apart. y (n,) of 0 and 1, logits (n,) without NaN, users (n,) in any order, n > 0."""
    if len(y) >= MANY_ROWS:
        return _compiled(y, logits, users)
    order = np.lexsort((logits, users))
    return _of_sorted(y[order], logits[order], users[order])


def _compiled(y: np.ndarray, logits: np.ndarray, users: np.ndarray | None) -> UserAUC:
    from bench.evaluate.metrics.kernels.wins import wins_by_user

    return _of_wins(*wins_by_user(y, logits, users))


def _of_sorted(y: np.ndarray, logits: np.ndarray, users: np.ndarray) -> UserAUC:
    """Rows sorted by (user, logit)."""
    new_user = _changes(users)
    # first row of each run of one user and one score
    blocks = np.flatnonzero(new_user | _changes(logits))
    first = np.flatnonzero(new_user[blocks])  # first block of each user
    positives = np.add.reduceat(y.astype(np.int64), blocks)
    negatives = np.diff(blocks, append=len(y)) - positives
    below = np.cumsum(negatives) - negatives
    below -= np.repeat(below[first], np.diff(first, append=len(blocks)))  # of the same user alone
    twice_wins = np.add.reduceat(positives * (2 * below + negatives), first)
    positives, negatives = np.add.reduceat(positives, first), np.add.reduceat(negatives, first)
    return _of_wins(positives, negatives, twice_wins)


def _of_wins(positives: np.ndarray, negatives: np.ndarray, twice_wins: np.ndarray) -> UserAUC:
    with np.errstate(invalid="ignore"):  # one class: 0 / 0
        return UserAUC(positives + negatives, twice_wins / (2 * positives * negatives))


def _changes(values: np.ndarray) -> np.ndarray:
    """(n,) bool: where a value differs from the one before it; true at the first."""
    return np.concatenate([[True], values[1:] != values[:-1]])
