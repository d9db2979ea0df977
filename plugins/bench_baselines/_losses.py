"""What the baselines compute of base logits and labels: the average and cross-entropies."""

from __future__ import annotations

import numpy as np

from bench.errors import DataError
from bench.evaluate import mixture_logits
from bench.interfaces import Rows, Tasks


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
    return np.asarray(
        np.logaddexp(0.0, np.where(labels == 1, -1.0, 1.0) * np.asarray(logits, dtype=np.float64))
    )


def known_labels(rows: Rows) -> np.ndarray:
    """(n,) uint8; ValueError where they are withheld."""
    if rows.labels is None:
        raise ValueError("labels are withheld: a selector learns from rows that have them")
    return rows.labels


def labels_of_both_classes(name: str, rows: Rows) -> np.ndarray:
    """(n,) uint8; DataError where the training users' query holds one class alone, on which no regression can be fitted."""
    labels = known_labels(rows)
    if len(np.unique(labels)) < 2:
        raise DataError(
            f"{name}: the training users' {len(labels)} query rows hold one class alone; "
            "give them a larger share of rows or of users"
        )
    return labels


def query_losses(tasks: Tasks) -> np.ndarray:
    """(n, K) cross-entropy of each base model on each query row; ValueError where labels are withheld."""
    return log_losses(tasks.query_base_logits, known_labels(tasks.query)[:, None])


def mean_mixture_loss(weights: np.ndarray, tasks: Tasks) -> float:
    """Mean cross-entropy of the mixture with weights (n, K) on the query."""
    return float(
        log_losses(
            mixture_logits(weights, tasks.query_base_logits), known_labels(tasks.query)
        ).mean()
    )
