"""The outer loop of a meta-learner, and adaptation and prediction with what it learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.errors import PluginError
from bench.interfaces import MetaLearner
from bench.learn.episodes import TaskData, chunks, draw_windows, gather, whole
from bench.learn.learnable import Learnable
from bench.settings import MetaTrainSettings

__all__ = ["Adapted", "MetaHistory", "adapt_and_predict", "meta_train", "outer_parameters", "query_loss"]


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
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Tensor], MetaHistory]:
    """Outer steps of Adam on the mean query loss after adaptation; early stopping on the log loss of validation users'
    query after adaptation to their support; the best epoch's parameters are kept (none, if no step improved)."""
    outer = outer_parameters(rule, learnable)
    optimiser = _optimiser(outer, learnable, settings)
    generator = np.random.default_rng(seed)
    losses = [query_loss(rule, learnable, outer, valid)]
    best = _copy(outer)
    trainable = np.flatnonzero(train.ptr[1:] > train.cut)  # users with a query
    for epoch in range(settings.epochs):
        for users in _batches(generator.permutation(trainable), settings.users):
            _outer_step(rule, learnable, outer, optimiser, train, users, settings, generator)
        losses.append(query_loss(rule, learnable, outer, valid))
        progress(f"epoch {epoch + 1}/{settings.epochs}, validation log loss {losses[-1]:.4f}")
        if losses[-1] <= min(losses):
            best = _copy(outer)
        if len(losses) - 1 - _best(losses) >= max(settings.patience, 1) or not math.isfinite(losses[-1]):
            break
    with torch.no_grad():
        for name, value in outer.items():
            value.copy_(best[name])
    return outer, MetaHistory(len(losses) - 1, _best(losses), tuple(losses), (len(losses) - 1) * len(trainable))


def _optimiser(outer: dict[str, Tensor], learnable: Learnable, settings: MetaTrainSettings) -> torch.optim.Optimizer:
    leaves = learnable.parameters()
    selector = [value for name, value in outer.items() if name in leaves and name.startswith("selector/")]
    base = [value for name, value in outer.items() if name in leaves and not name.startswith("selector/")]
    learned = [value for name, value in outer.items() if name not in leaves]
    groups = [
        (selector, settings.learning_rate),
        (base, settings.base_learning_rate),
        (learned, settings.rate_learning_rate),
    ]
    return torch.optim.Adam([{"params": values, "lr": rate} for values, rate in groups if values], fused=True)


def _batches(users: np.ndarray, size: int) -> list[np.ndarray]:
    return [users[start : start + size] for start in range(0, len(users), size)]


def _outer_step(
    rule: MetaLearner,
    learnable: Learnable,
    outer: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    train: TaskData,
    users: np.ndarray,
    settings: MetaTrainSettings,
    generator: np.random.Generator,
) -> None:
    optimiser.zero_grad(set_to_none=True)
    for chunk in chunks(draw_windows(train, users, settings.max_rows, generator), learnable.chunk_users):
        losses = rule.outer_loss(learnable, outer, gather(train, chunk))
        (losses.sum() / len(users)).backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def query_loss(rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData) -> float:
    """Mean log loss over all query rows after adaptation to the support."""
    total, rows = 0.0, 0.0
    for chunk in chunks(whole(tasks), learnable.chunk_users):
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            counts = batch.query.mask.double().sum(1)
            total += float((learnable.loss(per_user, batch, "query").double() * counts).sum())
            rows += float(counts.sum())
    return total / max(rows, 1.0)


def adapt_and_predict(rule: MetaLearner, learnable: Learnable, outer: dict[str, Tensor], tasks: TaskData) -> Adapted:
    """Adapt to every user's support and predict the query; query labels are not read."""
    query_ptr = np.concatenate([[0], np.cumsum(tasks.ptr[1:] - tasks.cut)])
    logits = np.empty(query_ptr[-1], dtype=np.float32)
    weights: np.ndarray | None = None
    for chunk in chunks(whole(tasks), learnable.chunk_users):
        batch = gather(tasks, chunk)
        per_user = rule.adapt(learnable, outer, batch, training=False)
        with torch.no_grad():
            chunk_logits, chunk_weights = learnable.predict(per_user, batch)
        if weights is None:
            weights = np.empty((len(logits), chunk_weights.shape[-1]), dtype=np.float32)
        present = batch.query.mask.bool().numpy()
        lengths = chunk.stop - chunk.cut
        rows = np.repeat(query_ptr[chunk.users], lengths) + _steps(lengths)
        logits[rows], weights[rows] = chunk_logits.numpy()[present], chunk_weights.numpy()[present]
    return Adapted(logits, np.empty((0, 0), np.float32) if weights is None else weights)


def _steps(lengths: np.ndarray) -> np.ndarray:
    """0 .. length - 1 for each, end to end."""
    starts = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(lengths.sum()) - np.repeat(starts, lengths))


def _copy(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in parameters.items()}


def _best(losses: list[float]) -> int:
    finite = [loss if math.isfinite(loss) else math.inf for loss in losses]
    return min(range(len(finite)), key=finite.__getitem__)
