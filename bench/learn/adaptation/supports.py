"""Episodes with another support than they were gathered with: more rows, or fewer."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from bench.interfaces import Block, Episodes

__all__ = ["all_as_support", "support_batch"]


def all_as_support(batch: Episodes) -> Episodes:
    """The same users with all of their rows, support and query, in the support; the query stays as it is."""
    support, query = batch.support, batch.query

    def joined(of_support: Tensor, of_query: Tensor) -> Tensor:
        return torch.cat([of_support, of_query], dim=1)  # along the rows

    base_logits = None
    if support.base_logits is not None and query.base_logits is not None:
        base_logits = joined(support.base_logits, query.base_logits)
    both = Block(
        entries={
            name: index.before(query.entries[name]) for name, index in support.entries.items()
        },
        weights={
            name: joined(weights, query.weights[name]) for name, weights in support.weights.items()
        },
        labels=joined(support.labels, query.labels),
        mask=joined(support.mask, query.mask),
        base_logits=base_logits,
    )
    return replace(batch, support=both)


def support_batch(batch: Episodes, step: int, rows: int) -> Episodes:
    """The same users with at most `rows` rows of the support: those after the rows of the step before, round and round."""
    mask = batch.support.mask  # (U, n)
    number = mask.cumsum(1) - 1  # (U, n): each row's, among its user's
    count = mask.sum(1, keepdim=True).clamp(min=1)  # (U, 1)
    first = step * rows  # of this step, were the rows repeated without end
    after_first = (number - first).remainder(count)
    return replace(batch, support=replace(batch.support, mask=mask * (after_first < rows)))
