"""The outer loop of a meta-learner: what all users start from is learned by the query loss after adaptation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.errors import DivergenceError, PluginError
from bench.interfaces import MetaLearner
from bench.job.progress import Progress, telling
from bench.learn.adaptation.by_chunk import NotFiniteError, blaming_a_user, in_order
from bench.learn.adaptation.divergence import all_finite
from bench.learn.adaptation.drawing import draw
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.outer import BestSoFar, OuterOptimiser
from bench.learn.adaptation.predicting import query_loss
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import Windows, chunks
from bench.settings import MetaTrainSettings

__all__ = ["MetaHistory", "meta_train", "outer_gradients", "outer_parameters"]

_EPOCH = "meta-epoch"  # told apart from those of the selector that it starts from


class MetaHistory(NamedTuple):
    epochs: int
    best_epoch: int  # 0: before any outer step
    valid_logloss: tuple[float, ...]  # before training, then after each epoch
    users: int  # trained on, epochs counted


def outer_parameters(rule: MetaLearner, learnable: Learnable) -> dict[str, Tensor]:
    """Master leaves and what the rule learns beside them."""
    leaves = learnable.parameters()
    learned = {
        name: value.detach().clone().requires_grad_()
        for name, value in rule.learned(learnable).items()
    }
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
        losses = [query_loss(rule, learnable, outer, valid, threads)]  # losses[e]: after epoch e
    tell = telling(progress)
    tell(Progress(_EPOCH, 0, settings.epochs, losses[0]))
    trainable = np.flatnonzero(train.ptr[1:] > train.cut)  # users with a query
    for epoch in range(1, settings.epochs + 1):
        batches = _batches(generator.permutation(trainable), settings.users)
        began, rows = time.perf_counter(), 0
        for number, users in enumerate(batches, start=1):
            windows = draw(train, users, settings, generator)
            rows += int((windows.stop - windows.start).sum())
            with _named(f"meta-training, epoch {epoch}, batch {number} of {len(batches)}"):
                gradients = outer_gradients(rule, learnable, outer, train, windows, threads)
            best.before_step(gradients)
            optimiser.step(gradients)
        rate = rows / max(time.perf_counter() - began, 1e-9)
        with _named(f"validation users, after epoch {epoch} of meta-training"):
            losses.append(query_loss(rule, learnable, outer, valid, threads))
        tell(Progress(_EPOCH, epoch, settings.epochs, losses[-1], rate))
        if losses[-1] < min(losses[:-1]):  # at a tie the first epoch, as told
            best.mark()
        if epoch - _best(losses) >= max(settings.patience, 1):
            break
    best.restore()
    epochs = len(losses) - 1
    return outer, MetaHistory(epochs, _best(losses), tuple(losses), users=epochs * len(trainable))


@contextmanager
def _named(place: str) -> Iterator[None]:
    """A divergence says where."""
    try:
        yield
    except DivergenceError as error:
        raise DivergenceError(f"{place}: {error}") from error


def _batches(users: np.ndarray, size: int) -> list[np.ndarray]:
    return [users[start : start + size] for start in range(0, len(users), size)]


def _best(losses: list[float]) -> int:
    """The epoch of the lowest loss; of several the first."""
    return min(range(len(losses)), key=losses.__getitem__)


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
    trained = {name: value for name, value in outer.items() if value.requires_grad}

    def of_chunk(chunk: Windows) -> list[Tensor | None]:
        """A gradient for each name of `trained`; None where the chunk's loss does not depend on it."""
        losses = rule.outer_loss(learnable, outer, gather(tasks, chunk))  # (users of the chunk,)
        if chunk.weights is not None:
            losses = losses * torch.from_numpy(chunk.weights).to(losses.dtype)
        loss = losses.sum() / len(windows.users)  # the chunk's share of the mean over all chunks
        if not math.isfinite(loss.detach()):
            raise NotFiniteError
        return list(torch.autograd.grad(loss, list(trained.values()), allow_unused=True))

    sums: dict[str, Tensor] = {}
    with blaming_a_user(rule, learnable, outer, tasks, windows):
        for gradients in in_order(of_chunk, chunks(windows, learnable.chunk_users), threads):
            for name, gradient in zip(trained, gradients, strict=True):
                if gradient is not None:
                    sums[name] = sums[name] + gradient if name in sums else gradient
    coalesced = {
        name: total.coalesce() if total.is_sparse else total for name, total in sums.items()
    }
    _refuse_not_finite(rule, coalesced)
    return coalesced


def _refuse_not_finite(rule: MetaLearner, gradients: dict[str, Tensor]) -> None:
    for name, gradient in gradients.items():
        if not all_finite(gradient.values() if gradient.is_sparse else gradient):
            raise DivergenceError(
                f"{rule.name}: the outer gradient of {name!r} is not finite, though the outer loss is; lower the inner "
                "learning rates or inner_steps"
            )
