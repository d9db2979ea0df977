"""The outer loop of a meta-learner, and adaptation and prediction with what it learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.errors import DivergenceError, PluginError
from bench.interfaces import Episodes, MetaLearner
from bench.learn.adaptation.divergence import all_finite, divergence
from bench.learn.adaptation.drawing import draw
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.outer import BestSoFar, OuterOptimiser
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, chunks, query_rows, whole
from bench.settings import MetaTrainSettings

__all__ = [
    "Adapted",
    "MetaHistory",
    "adapt_and_predict",
    "in_order",
    "in_rows",
    "meta_train",
    "outer_gradients",
    "outer_parameters",
    "predicted",
    "query_loss",
]

T = TypeVar("T")


class MetaHistory(NamedTuple):
    epochs: int
    best_epoch: int  # 0: before any outer step
    valid_logloss: tuple[float, ...]  # before training, then after each epoch
    users: int  # trained on, epochs counted


class Adapted(NamedTuple):
    """For every query row of the tasks, in their order."""

    logits: np.ndarray  # (n,) float32
    weights: np.ndarray  # (n, K) float32


def outer_parameters(rule: MetaLearner, learnable: Learnable) -> dict[str, Tensor]:
    """Master leaves and what the rule learns beside them."""
    leaves = learnable.parameters()
    learned = {name: value.detach().clone().requires_grad_() for name, value in rule.learned(learnable).items()}
    shared = leaves.keys() & learned.keys()
    if shared:
        raise PluginError(
            f"meta-learner {rule.name!r}: learned parameter {min(shared)!r} has the name of a leaf; rename it"
        )
    return {**leaves, **learned}


def meta_train(
    rule: MetaLearner,
    learnable: Learnable,
    train: TaskData,
    valid: TaskData,
    settings: MetaTrainSettings,
    seed: int,
    *,
    threads: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Tensor], MetaHistory]:
    """Outer steps of Adam on the mean query loss after adaptation; early stopping on the log loss of validation users'
    query after adaptation to their support; the best epoch's parameters are kept (none, if no step improved).

    Raises DivergenceError, which says where, as soon as a loss or an outer gradient is not finite."""
    outer = outer_parameters(rule, learnable)
    optimiser, best = OuterOptimiser(outer, learnable, settings), BestSoFar(outer, learnable)
    generator = np.random.default_rng(seed)
    with _named("validation users, before meta-training"):
        losses = [query_loss(rule, learnable, outer, valid, threads)]
    trainable = np.flatnonzero(train.ptr[1:] > train.cut)  # users with a query
    for epoch in range(settings.epochs):
        batches = _batches(generator.permutation(trainable), settings.users)
        for number, users in enumerate(batches, start=1):
            windows = draw(train, users, settings, generator)
            with _named(f"meta-training, epoch {epoch + 1}, batch {number} of {len(batches)}"):
                gradients = outer_gradients(rule, learnable, outer, train, windows, threads)
            best.before_step(gradients)
            optimiser.step(gradients)
        with _named(f"validation users, after epoch {epoch + 1} of meta-training"):
            losses.append(query_loss(rule, learnable, outer, valid, threads))
        progress(f"epoch {epoch + 1}/{settings.epochs}, validation log loss {losses[-1]:.4f}")
        if losses[-1] <= min(losses):
            best.mark()
        if len(losses) - 1 - _best(losses) >= max(settings.patience, 1):
            break
    best.restore()
    return outer, MetaHistory(len(losses) - 1, _best(losses), tuple(losses), (len(losses) - 1) * len(trainable))


@contextmanager
def _named(place: str) -> Iterator[None]:
    """A divergence says where."""
    try:
        yield
    except DivergenceError as error:
        raise DivergenceError(f"{place}: {error}") from error


class _NotFiniteError(Exception):
    """In some chunk; whose doing it is, is looked for among all."""


@contextmanager
def _blamed(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, windows: Windows
) -> Iterator[None]:
    """What is not finite is told with the first of all users who diverges: so chunks and threads make no difference."""
    try:
        yield
    except _NotFiniteError:
        raise divergence(rule, learnable, outer, tasks, windows) from None


def _batches(users: np.ndarray, size: int) -> list[np.ndarray]:
    return [users[start : start + size] for start in range(0, len(users), size)]


def outer_gradients(
    rule: MetaLearner,
    learnable: Learnable,
    outer: dict[str, Tensor],
    tasks: TaskData,
    windows: Windows,
    threads: int = 1,
) -> dict[str, Tensor]:
    """Of the mean outer loss over the users of `windows`, weighted where they are, by every outer parameter on which it
    depends; those of tables are sparse and coalesced. Chunks are summed in their order, on however many threads they ran."""

    def of_chunk(chunk: Windows) -> list[Tensor | None]:
        losses = rule.outer_loss(learnable, outer, gather(tasks, chunk))
        if chunk.weights is not None:
            losses = losses * torch.from_numpy(chunk.weights).to(losses.dtype)
        loss = losses.sum() / len(windows.users)
        if not math.isfinite(loss.detach()):
            raise _NotFiniteError
        return list(torch.autograd.grad(loss, list(trained.values()), allow_unused=True))

    trained = {name: value for name, value in outer.items() if value.requires_grad}
    totals: dict[str, Tensor] = {}
    with _blamed(rule, learnable, outer, tasks, windows):
        for found in in_order(of_chunk, chunks(windows, learnable.chunk_users), threads):
            for name, gradient in zip(trained, found, strict=True):
                if gradient is not None:
                    totals[name] = totals[name] + gradient if name in totals else gradient
    summed = {name: total.coalesce() if total.is_sparse else total for name, total in totals.items()}
    for name, total in summed.items():
        if not all_finite(total.values() if total.is_sparse else total):
            raise DivergenceError(
                f"{rule.name}: the outer gradient of {name!r} is not finite, though the outer loss is; lower the inner "
                "learning rates or inner_steps"
            )
    return summed


def query_loss(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, threads: int = 1
) -> float:
    """Mean log loss over all query rows after adaptation to the support."""

    def of_chunk(chunk: Windows) -> tuple[float, float]:
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            counts = batch.query.mask.double().sum(1)
            total = float((learnable.loss(per_user, batch, "query").double() * counts).sum())
        if not math.isfinite(total):
            raise _NotFiniteError
        return total, float(counts.sum())

    with _blamed(rule, learnable, outer, tasks, whole(tasks)):
        sums = list(in_order(of_chunk, chunks(whole(tasks), learnable.chunk_users), threads))
    return sum(total for total, _ in sums) / max(sum(rows for _, rows in sums), 1.0)


def adapt_and_predict(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, threads: int = 1
) -> Adapted:
    """Adapt to every user's support and predict the query; query labels are not read. Raises DivergenceError."""

    def of_chunk(chunk: Windows) -> Adapted:
        batch = gather(tasks, chunk)
        found = predicted(learnable, rule.adapt(learnable, outer, batch, training=False), batch)
        if not np.isfinite(found.logits).all():
            raise _NotFiniteError
        return found

    parts = list(chunks(whole(tasks), learnable.chunk_users))
    with _blamed(rule, learnable, outer, tasks, whole(tasks)):
        return in_rows(tasks, parts, list(in_order(of_chunk, parts, threads)))


def predicted(learnable: Learnable, per_user: Mapping[str, Tensor], batch: Episodes) -> Adapted:
    """The query rows of a chunk, user by user, padding left out."""
    with torch.no_grad():
        logits, weights = learnable.predict(per_user, batch)
    present = batch.query.mask.bool()
    return Adapted(logits[present].float().numpy(), weights[present].float().numpy())


def in_rows(tasks: TaskData, parts: Sequence[Windows], found: Sequence[Adapted]) -> Adapted:
    """What was predicted chunk by chunk, for all query rows of the tasks in their order."""
    if not found:
        return Adapted(np.empty(0, np.float32), np.empty((0, 0), np.float32))
    order = np.argsort(np.concatenate([query_rows(tasks, part) for part in parts]))
    return Adapted(*(np.concatenate(values)[order] for values in zip(*found, strict=True)))


def in_order(work: Callable[[Windows], T], chunks: Iterable[Windows], threads: int) -> Iterator[T]:
    """`work` of every chunk, in their order. With several threads chunks run side by side, each on one: torch and the
    kernels let the interpreter go while they compute."""
    if threads == 1:
        yield from map(work, chunks)
        return
    with threadpool_limits(1), ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(work, chunks)


def _best(losses: list[float]) -> int:
    return min(range(len(losses)), key=losses.__getitem__)
