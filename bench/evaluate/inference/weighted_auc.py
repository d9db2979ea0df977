"""Pooled AUC of many resamples of users at once, exact, from one sort a method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.inference.user_pairs import auc_by_user_pairs
from bench.evaluate.metrics.auc import pooled_auc

__all__ = ["resampled_auc"]

_FEW_USERS = 512  # whose pairs are held: 2 MiB of counts
# rows, and draws of 25 users, of all methods: half a second, as long as numba's import
_FEW_STEPS = 1_000_000


def resampled_auc(
    y: np.ndarray, logits: Sequence[np.ndarray], users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(1 + R, M) float64: the AUC of all rows, and of rows repeated as often as their user was drawn. Ties count half; NaN
    where one class is left.

    y (n,) of 0 and 1; logits (n,) of each of M methods, without NaN, compared in their own dtype; users (n,) in 0..U - 1;
    weights (U, R) uint8: how often a resample has each user. n > 0, M > 0."""
    steps = len(logits) * (len(y) + weights.size // 25)
    if len(weights) <= _FEW_USERS and steps <= _FEW_STEPS:
        return np.stack([_by_pairs(y, one, users, weights) for one in logits], axis=1)
    # numba is imported where it pays
    from bench.evaluate.metrics.walked_auc import auc_by_walks

    return auc_by_walks(y, logits, users, weights)


def _by_pairs(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    return np.concatenate([[pooled_auc(y, logits)], auc_by_user_pairs(y, logits, users, weights)])
