"""The mixture's cross-entropy on one user's rows, -log sum_k softmax(scores)_k p_k(y), with its derivatives by scores and base
logits, also along a direction. By log-sum-exp: true where base models saturate (as bench.learn.network.losses)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.compiled.functions import compiled

__all__ = ["by_scores_and_logits", "by_scores_and_logits_tangent", "mean_loss"]

Array = np.ndarray[Any, Any]


@compiled
def mean_loss(
    models: int,
    scores: Array,
    logits: Array,
    labels: Array,
    prior: Array,
    posterior: Array,
    excess: Array,
) -> Any:
    """Of n rows, scores (n * K,), logits (K, n). Fill, each (n * K,): `prior`, the weights softmax(scores) before the label is
    seen; `posterior`, those after; `excess`, p_k(1) - y."""
    n, total = len(labels), 0.0
    for row in range(n):
        first = row * models
        own, joint = prior[first : first + models], posterior[first : first + models]
        own[:] = scores[first : first + models]
        log_sum = softmax(own)
        for k in range(models):
            likelihood, excess[first + k] = of_label(logits[k, row], labels[row])
            joint[k] = scores[first + k] - log_sum + likelihood
        total -= softmax(joint)
    return total / n


@compiled
def of_label(logit: Any, label: Any) -> Any:
    """log p(label), and p(1) - label without cancellation."""
    signed = logit if label > 0 else -logit
    small = math.exp(-abs(signed))
    one = type(logit)(1)
    other_label = small / (one + small) if signed >= 0 else one / (one + small)  # its probability
    log_likelihood = min(signed, type(logit)(0)) - math.log1p(small)
    return log_likelihood, -other_label if label > 0 else other_label


@compiled
def softmax(logs: Array) -> Any:
    """In place; returns log sum_k exp."""
    highest = logs[0]
    for log in logs:
        highest = max(highest, log)
    summed = logs.dtype.type(0)
    for k in range(len(logs)):
        logs[k] = math.exp(logs[k] - highest)
        summed += logs[k]
    for k in range(len(logs)):
        logs[k] /= summed
    return highest + math.log(summed)


@compiled
def by_scores_and_logits(
    models: int,
    prior: Array,
    posterior: Array,
    excess: Array,
    share: Any,
    by_scores: Array,
    by_logits: Array,
) -> None:
    """Of the mean loss, `share` 1 / n: by_scores (n * K,), by_logits (K, n)."""
    for row in range(len(prior) // models):
        for k in range(models):
            place = row * models + k
            by_scores[place] = share * (prior[place] - posterior[place])
            by_logits[k, row] = share * posterior[place] * excess[place]


@compiled
def by_scores_and_logits_tangent(
    models: int,
    prior: Array,
    posterior: Array,
    excess: Array,
    share: Any,
    score_tangents: Array,
    logit_tangents: Array,
    by_scores: Array,
    by_logits: Array,
) -> None:
    """`by_scores_and_logits` differentiated. Of a softmax s along t it is s * (t - <s, t>); of log p_k(y) it is
    -excess * tangent, and of excess p_k(1) * p_k(0) * tangent."""
    for row in range(len(prior) // models):
        first = row * models
        of_prior = of_posterior = prior.dtype.type(0)
        for k in range(models):
            place = first + k
            along = score_tangents[place] - excess[place] * logit_tangents[k, row]
            of_prior += prior[place] * score_tangents[place]
            of_posterior += posterior[place] * along
        for k in range(models):
            place = first + k
            along = score_tangents[place] - excess[place] * logit_tangents[k, row]
            prior_tangent = prior[place] * (score_tangents[place] - of_prior)
            posterior_tangent = posterior[place] * (along - of_posterior)
            by_scores[place] = share * (prior_tangent - posterior_tangent)
            # p(1) * p(0) = |excess| * (1 - |excess|)
            spread = abs(excess[place]) * (1 - abs(excess[place]))
            by_logits[k, row] = share * (
                posterior_tangent * excess[place]
                + posterior[place] * spread * logit_tangents[k, row]
            )
