"""Predictions that are valid and hardly meant: constant ones, probabilities in place of logits, extreme ones."""

from __future__ import annotations

import numpy as np

from bench.evaluate.metrics.metrics import row_log_loss

__all__ = ["EXTREME_LOGIT", "is_constant", "looks_like_probabilities"]

EXTREME_LOGIT = (
    100.0  # a probability of 1e-44: one such row that is wrong weighs as much as hundreds of others
)
_DISTINCT = 10
_CLEARLY = 0.02  # share by which the log loss is lower
_ERRORS = 2.0  # standard errors
_FROM_RATE = 0.05


def is_constant(logits: np.ndarray) -> bool:
    """Whether several rows all have one logit."""
    return bool(len(logits) > 1 and (logits == logits[0]).all())


def looks_like_probabilities(y: np.ndarray, logits: np.ndarray) -> bool:
    """Whether the "logits" are probabilities, by all signs: they lie in [0, 1], take many values, are right on average, and
    have a clearly lower log loss as probabilities than as logits. y (n,) of 0 and 1, logits (n,) finite.

    Logits of a cautious model may well lie in [0, 1]; but they are then right as logits."""
    if (
        not len(logits)
        or logits.min() < 0
        or logits.max() > 1
        or len(np.unique(logits)) < _DISTINCT
    ):
        return False
    values, rate = logits.astype(np.float64), float(y.mean())
    chance = 3 * np.sqrt(rate * (1 - rate) / len(y))
    if abs(float(values.mean()) - rate) > max(min(_FROM_RATE, rate), chance):
        return False
    smallest = np.finfo(np.float32).eps
    p = np.clip(values, smallest, 1 - smallest)
    as_logits = row_log_loss(y, values)
    gained = as_logits - row_log_loss(y, np.log(p) - np.log1p(-p))  # (n,)
    error = gained.std() / np.sqrt(len(y))
    return bool(gained.mean() > max(_CLEARLY * as_logits.mean(), _ERRORS * error))
