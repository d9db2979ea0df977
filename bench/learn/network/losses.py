"""Cross-entropies from logits, exact where base models saturate."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["binary_cross_entropy", "mixture_cross_entropy", "mixture_logits"]


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Per row, same shape as `logits`; labels are 0 and 1 in its dtype."""
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none")


def mixture_cross_entropy(scores: Tensor, base_logits: Tensor, labels: Tensor) -> Tensor:
    """Per row: -log sum_k softmax(scores)_k p_k(y), by log-sum-exp; scores and base_logits (..., K), labels (...).

    The log of a clamped mixed probability would give a gradient of exactly 0 in float32 where base models saturate."""
    signed = base_logits * (2 * labels - 1).unsqueeze(-1)
    return -torch.logsumexp(F.log_softmax(scores, dim=-1) + F.logsigmoid(signed), dim=-1)


def mixture_logits(scores: Tensor, base_logits: Tensor) -> Tensor:
    """(...): log p - log(1 - p) of p = sum_k softmax(scores)_k sigmoid(base_logits_k), both by log-sum-exp."""
    log_weights = F.log_softmax(scores, dim=-1)
    positive = torch.logsumexp(log_weights + F.logsigmoid(base_logits), dim=-1)
    negative = torch.logsumexp(log_weights + F.logsigmoid(-base_logits), dim=-1)
    return positive - negative
