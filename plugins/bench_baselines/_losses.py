"""What the baselines compute of base logits: their average, their losses, and sums over each user's rows."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Rows


def average_logits(base_logits: np.ndarray) -> np.ndarray:
    """(n,) float64: the logit of the mean of the K probabilities, from base_logits (n, K).

    log p - log(1 - p), both by log-sum-exp: exact where sigmoids saturate. The two log K cancel."""
    logits = np.asarray(base_logits, dtype=np.float64)
    return np.asarray(
        np.logaddexp.reduce(-np.logaddexp(0.0, -logits), axis=1)
        - np.logaddexp.reduce(-np.logaddexp(0.0, logits), axis=1)
    )


def log_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Cross-entropy of each logit, float64, in the shape of `logits`; labels (0 and 1) broadcast against it."""
    return np.asarray(np.logaddexp(0.0, np.where(labels == 1, -1.0, 1.0) * np.asarray(logits, dtype=np.float64)))


def known_labels(rows: Rows) -> np.ndarray:
    """(n,) uint8; ValueError where they are withheld."""
    if rows.labels is None:
        raise ValueError("labels are withheld: a selector learns from rows that have them")
    return rows.labels


def user_of_row(ptr: np.ndarray) -> np.ndarray:
    """(n,) int64: the position of each row's user, from the users' pointer (users + 1,)."""
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def sum_by_user(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """(users,) float64: each user's sum of values (n,); 0 where a user has no rows."""
    return np.bincount(user_of_row(ptr), weights=values, minlength=len(ptr) - 1)
