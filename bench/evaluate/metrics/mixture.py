"""The logit of a convex combination of base models."""

from __future__ import annotations

import numpy as np

__all__ = ["mixture_logits"]


def mixture_logits(weights: np.ndarray, base_logits: np.ndarray) -> np.ndarray:
    """(n,) float64: log p - log(1 - p) of p = sum_k w_k sigmoid(z_k), both by log-sum-exp, exact where sigmoids saturate.

    weights (n, K), not negative, some of a row positive (their sum cancels); base_logits (n, K), finite."""
    with np.errstate(divide="ignore"):  # a weight of 0 is a term of log 0
        log_weights = np.log(np.asarray(weights, dtype=np.float64))
    logits = np.asarray(base_logits, dtype=np.float64)
    positive = np.logaddexp.reduce(log_weights - np.logaddexp(0.0, -logits), axis=-1)
    negative = np.logaddexp.reduce(log_weights - np.logaddexp(0.0, logits), axis=-1)
    return np.asarray(positive - negative)
