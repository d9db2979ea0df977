"""The outer loop of a meta-learner, and adaptation and prediction with what it learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.errors import PluginError
from bench.interfaces import MetaLearner
from bench.learn.drawing import draw
from bench.learn.episodes import TaskData, Windows, chunks, gather, whole
from bench.learn.learnable import Learnable
from bench.learn.outer import BestSoFar, OuterOptimiser
from bench.settings import MetaTrainSettings

__all__ = [
    "Adapted",
    "MetaHistory",
    "adapt_and_predict",
    "meta_train",
    "outer_gradients",
    "outer_parameters",
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
    query after adaptation to their support; the best epoch's parameters are kept (none, if no step improved)."""
    outer = outer_parameters(rule, learnable)
    optimiser, best = OuterOptimiser(outer, learnable, settings), BestSoFar(outer, learnable)
    generator = np.random.default_rng(seed)
    losses = [query_loss(rule, learnable, outer, valid, threads)]
    trainable = np.flatnonzero(train.ptr[1:] > train.cut)  # users with a query
    for epoch in range(settings.epochs):
        for users in _batches(generator.permutation(trainable), settings.users):
            windows = draw(train, users, settings, generator)
            gradients = outer_gradients(rule, learnable, outer, train, windows, threads)
            best.before_step(gradients)
            optimiser.step(gradients)
        losses.append(query_loss(rule, learnable, outer, valid, threads))
        progress(f"epoch {epoch + 1}/{settings.epochs}, validation log loss {losses[-1]:.4f}")
        if losses[-1] <= min(losses):
            best.mark()
        if len(losses) - 1 - _best(losses) >= max(settings.patience, 1) or not math.isfinite(losses[-1]):
            break
    best.restore()
    return outer, MetaHistory(len(losses) - 1, _best(losses), tuple(losses), (len(losses) - 1) * len(trainable))


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
        return list(torch.autograd.grad(loss, list(trained.values()), allow_unused=True))

    trained = {name: value for name, value in outer.items() if value.requires_grad}
    totals: dict[str, Tensor] = {}
    for found in in_order(of_chunk, chunks(windows, learnable.chunk_users), threads):
        for name, gradient in zip(trained, found, strict=True):
            if gradient is not None:
                totals[name] = totals[name] + gradient if name in totals else gradient
    return {name: total.coalesce() if total.is_sparse else total for name, total in totals.items()}


def query_loss(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, threads: int = 1
) -> float:
    """Mean log loss over all query rows after adaptation to the support."""

    def of_chunk(chunk: Windows) -> tuple[float, float]:
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            counts = batch.query.mask.double().sum(1)
            return float((learnable.loss(per_user, batch, "query").double() * counts).sum()), float(counts.sum())

    sums = list(in_order(of_chunk, chunks(whole(tasks), learnable.chunk_users), threads))
    return sum(total for total, _ in sums) / max(sum(rows for _, rows in sums), 1.0)


def adapt_and_predict(
    rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData, threads: int = 1
) -> Adapted:
    """Adapt to every user's support and predict the query; query labels are not read."""
    query_ptr = np.concatenate([[0], np.cumsum(tasks.ptr[1:] - tasks.cut)])

    def of_chunk(chunk: Windows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            logits, weights = learnable.predict(per_user, batch)
        present, lengths = batch.query.mask.bool().numpy(), chunk.stop - chunk.cut
        return (
            np.repeat(query_ptr[chunk.users], lengths) + _steps(lengths),
            logits.numpy()[present],
            weights.numpy()[present],
        )

    logits, weights = np.empty(query_ptr[-1], dtype=np.float32), np.empty((0, 0), dtype=np.float32)
    for rows, chunk_logits, chunk_weights in in_order(of_chunk, chunks(whole(tasks), learnable.chunk_users), threads):
        if not weights.size:
            weights = np.empty((len(logits), chunk_weights.shape[-1]), dtype=np.float32)
        logits[rows], weights[rows] = chunk_logits, chunk_weights
    return Adapted(logits, weights)


def in_order(work: Callable[[Windows], T], chunks: Iterable[Windows], threads: int) -> Iterator[T]:
    """`work` of every chunk, in their order. With several threads chunks run side by side, each on one: torch and the
    kernels let the interpreter go while they compute."""
    if threads == 1:
        yield from map(work, chunks)
        return
    with threadpool_limits(1), ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(work, chunks)


def _steps(lengths: np.ndarray) -> np.ndarray:
    """0 .. length - 1 for each, end to end."""
    starts = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(lengths.sum()) - np.repeat(starts, lengths))


def _best(losses: list[float]) -> int:
    finite = [loss if math.isfinite(loss) else math.inf for loss in losses]
    return min(range(len(finite)), key=finite.__getitem__)
