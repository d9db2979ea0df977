"""The mixture's cross-entropy (bench.learn.network.losses) with its derivatives by the scores, on numpy arrays (n, K)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Mixture", "log_likelihood", "mixture"]

Array = np.ndarray[Any, Any]


def log_likelihood(base_logits: Array, labels: Array) -> Array:
    """log p_k(y), (n, K)."""
    signed = base_logits * (2 * labels - 1)[:, None]
    return np.minimum(signed, 0) - np.log1p(np.exp(-np.abs(signed)))  # type: ignore[no-any-return]


class Mixture(NamedTuple):
    """Of n rows: the cross-entropy, the weights softmax(scores) before the label is seen, and after (the posterior)."""

    losses: Array  # (n,)
    prior: Array  # (n, K)
    posterior: Array  # (n, K)

    def gradient(self) -> Array:
        """(n, K), of each row's loss by its own scores."""
        return self.prior - self.posterior

    def gradient_tangent(self, tangents: Array) -> Array:
        """(n, K), the derivative of `gradient` along `tangents` (n, K): of a softmax s it is s * (t - <s, t>)."""
        return _along(self.prior, tangents) - _along(self.posterior, tangents)


def mixture(scores: Array, log_likelihoods: Array) -> Mixture:
    """-log sum_k softmax(scores)_k p_k(y), by log-sum-exp: true where base models saturate."""
    log_prior = scores - _log_sum(scores)
    joint = log_prior + log_likelihoods
    log_evidence = _log_sum(joint)
    return Mixture(-log_evidence[:, 0], np.exp(log_prior), np.exp(joint - log_evidence))


def _log_sum(logs: Array) -> Array:
    """(n, 1) log sum_k exp."""
    highest = logs.max(axis=1, keepdims=True, initial=-np.inf)
    return highest + np.log(np.exp(logs - highest).sum(axis=1, keepdims=True))  # type: ignore[no-any-return]


def _along(weights: Array, tangents: Array) -> Array:
    return weights * (tangents - (weights * tangents).sum(axis=1, keepdims=True))  # type: ignore[no-any-return]
