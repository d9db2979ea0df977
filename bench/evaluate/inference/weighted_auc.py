"""Pooled AUC of many resamples of users at once, exact, from one sort."""

from __future__ import annotations

import numpy as np

from bench.evaluate.inference.tournament import auc_by_tournament
from bench.evaluate.inference.user_pairs import auc_by_user_pairs

__all__ = ["resampled_auc"]

_PAIRS_PER_ROW = 12  # up to here pairs of users are the cheaper way (measured)
_MOST_USERS = 4096  # whose pairs are held: 64 MiB of counts


def resampled_auc(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(R,) float64: the AUC of rows repeated as often as their user was drawn; ties count half; NaN where one class is left.

    y (n,) of 0 and 1; logits (n,) without NaN, compared in their own dtype; users (n,) in 0..U - 1; weights (U, R) whole
    numbers: how often a resample has each user. n > 0."""
    n_users = len(weights)
    few_users = n_users <= _MOST_USERS and n_users**2 <= _PAIRS_PER_ROW * len(y)
    way = auc_by_user_pairs if few_users else auc_by_tournament
    return way(y, logits, users, weights)
