"""What adaptation to every user's support gives on the query: predictions, and their loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

__all__ = ["Adapted", "adapt_and_predict", "in_rows", "predicted", "query_loss", "query_losses"]


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

    def adapted(batch: Episodes) -> Iterator[tuple[int, Mapping[str, Tensor]]]:
        yield 0, rule.adapt(learnable, outer, batch, training=False)

    def of_chunk(chunk: Windows) -> np.ndarray:
        sums = _query_sums(learnable, adapted, gather(tasks, chunk), 1)
        if not np.isfinite(sums).all():
            raise NotFiniteError
        return sums

    everything = whole(tasks)
    with blaming_a_user(rule, learnable, outer, tasks, everything):
        (loss,) = _means(of_chunk, learnable, tasks, threads)
    return loss


def query_losses(
    rules: Sequence[MetaLearner],
    learnable: Learnable,
    outers: Sequence[Mapping[str, Tensor]],
    tasks: TaskData,
    threads: int = 1,
) -> list[float]:
    """`query_loss` of rules of one kind, its candidates, each with its `outers`: not finite where a rule diverges."""

    def adapted(batch: Episodes) -> Iterator[tuple[int, Mapping[str, Tensor]]]:
        yield from type(rules[0]).adapt_each(rules, learnable, outers, batch)

    def of_chunk(chunk: Windows) -> np.ndarray:
        return _query_sums(learnable, adapted, gather(tasks, chunk), len(rules))

    return _means(of_chunk, learnable, tasks, threads)


def _query_sums(
    learnable: Learnable,
    adapted: Callable[[Episodes], Iterator[tuple[int, Mapping[str, Tensor]]]],
    batch: Episodes,
    rules: int,
) -> np.ndarray:
    """(rules,) the sum of the query rows' losses after adaptation by each."""
    sums = np.full(rules, np.nan)
    rows = batch.query.mask.double().sum(1)  # (U,)
    for number, per_user in adapted(batch):
        with torch.no_grad():
            means = learnable.loss(per_user, batch, "query").double()  # (U,)
            sums[number] = float((means * rows).sum())
    return sums


def _means(
    of_chunk: Callable[[Windows], np.ndarray], learnable: Learnable, tasks: TaskData, threads: int
) -> list[float]:
    """Sums of chunks, in their order, over all query rows."""
    parts = chunks(whole(tasks), learnable.chunk_users)
    rows = int((tasks.ptr[1:] - tasks.cut).sum())
    total: np.ndarray = sum(in_order(of_chunk, parts, threads), np.zeros(()))
    return [float(each) for each in np.atleast_1d(total) / max(rows, 1)]


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
