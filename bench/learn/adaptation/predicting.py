"""What adaptation to every user's support gives on the query: predictions, and their loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.interfaces import Episodes, MetaLearner
from bench.learn.adaptation.by_chunk import NotFiniteError, blaming_a_user, in_order
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, chunks, query_rows, whole

__all__ = ["Adapted", "adapt_and_predict", "in_rows", "predicted", "query_loss"]


class Adapted(NamedTuple):
    """For every query row of the tasks, in their order."""

    logits: np.ndarray  # (n,) float32
    weights: np.ndarray  # (n, K) float32


def adapt_and_predict(
    rule: MetaLearner,
    learnable: Learnable,
    outer: Mapping[str, Tensor],
    tasks: TaskData,
    threads: int = 1,
) -> Adapted:
    """Adapt to every user's support and predict the query; query labels are not read. Raises DivergenceError."""

    def of_chunk(chunk: Windows) -> Adapted:
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        found = predicted(learnable, per_user, batch)
        if not np.isfinite(found.logits).all():
            raise NotFiniteError
        return found

    everything = whole(tasks)
    parts = list(chunks(everything, learnable.chunk_users))
    with blaming_a_user(rule, learnable, outer, tasks, everything):
        found = list(in_order(of_chunk, parts, threads))
    return in_rows(tasks, parts, found)


def query_loss(
    rule: MetaLearner,
    learnable: Learnable,
    outer: Mapping[str, Tensor],
    tasks: TaskData,
    threads: int = 1,
) -> float:
    """Mean log loss over all query rows after adaptation to the support. Raises DivergenceError."""

    def of_chunk(chunk: Windows) -> tuple[float, float]:
        """The sum of the rows' losses, and how many rows there are."""
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            means = learnable.loss(per_user, batch, "query").double()  # (U,)
            rows = batch.query.mask.double().sum(1)  # (U,)
            total = float((means * rows).sum())
        if not math.isfinite(total):
            raise NotFiniteError
        return total, float(rows.sum())

    everything = whole(tasks)
    with blaming_a_user(rule, learnable, outer, tasks, everything):
        sums = list(in_order(of_chunk, chunks(everything, learnable.chunk_users), threads))
    all_rows = sum(rows for _, rows in sums)
    return sum(total for total, _ in sums) / max(all_rows, 1.0)


def predicted(learnable: Learnable, per_user: Mapping[str, Tensor], batch: Episodes) -> Adapted:
    """The query rows of a chunk, user by user, padding left out."""
    with torch.no_grad():
        logits, weights = learnable.predict(per_user, batch)  # (U, Q), (U, Q, K)
    present = batch.query.mask.bool()
    return Adapted(logits[present].float().numpy(), weights[present].float().numpy())


def in_rows(tasks: TaskData, parts: Sequence[Windows], found: Sequence[Adapted]) -> Adapted:
    """What was predicted chunk by chunk, for all query rows of the tasks in their order."""
    if not found:
        return Adapted(np.empty(0, np.float32), np.empty((0, 0), np.float32))
    order = np.argsort(np.concatenate([query_rows(tasks, part) for part in parts]))
    logits, weights = (np.concatenate(values) for values in zip(*found, strict=True))
    return Adapted(logits[order], weights[order])
