"""The two perfect selectors. They read the labels that they are scored on, so they are bounds (of selection alone), never
competitors. Among equals the first model of the pool is chosen."""

from __future__ import annotations

import numpy as np

from bench.evaluate.metrics.metrics import row_log_loss

__all__ = ["best_model_share", "perfect_sample_logits", "perfect_user_logits"]


def perfect_sample_logits(y: np.ndarray, base_logits: np.ndarray) -> np.ndarray:
    """(n,) for each row the logit of the model with the lowest log loss on it. y (n,), base_logits (n, K)."""
    return _chosen(base_logits, row_log_loss(y, base_logits).argmin(axis=1))


def perfect_user_logits(y: np.ndarray, base_logits: np.ndarray, users: np.ndarray) -> np.ndarray:
    """(n,) for each row the logit of the model with the lowest log loss on that user's rows. users (n,)."""
    of_user, of_row = _best_models(y, base_logits, users)
    return _chosen(base_logits, of_user[of_row])


def best_model_share(y: np.ndarray, base_logits: np.ndarray, users: np.ndarray) -> np.ndarray:
    """(K,) share of users for whom each model has the lowest log loss on their rows; they add up to 1. users (n,), n > 0."""
    of_user, _ = _best_models(y, base_logits, users)
    return np.bincount(of_user, minlength=base_logits.shape[1]) / len(of_user)


def _best_models(
    y: np.ndarray, base_logits: np.ndarray, users: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best model of each user (users,), and each row's position among the users (n,)."""
    losses = row_log_loss(y, base_logits)
    distinct, of_row = np.unique(users, return_inverse=True)
    sums = np.zeros((len(distinct), losses.shape[1]))
    np.add.at(sums, of_row, losses)
    return sums.argmin(axis=1), of_row


def _chosen(base_logits: np.ndarray, model: np.ndarray) -> np.ndarray:
    return np.take_along_axis(base_logits, model[:, None], axis=1)[:, 0]
