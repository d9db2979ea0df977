"""The one loop that trains every differentiable model, and a selector row by row (gating).

What an epoch does is in trainers.py, imported where it is first needed: with it comes numba, half a second that whoever only
looks at a plugin need not wait."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bench.data.paged import blocks
from bench.data.views.rows import View
from bench.errors import PluginError
from bench.interfaces import History
from bench.job.progress import Progress, telling
from bench.learn.network.draws import Hidden, draw
from bench.learn.network.encoder import Encoded, Encoder
from bench.learn.network.examples import Examples
from bench.learn.network.network import Network
from bench.settings import TrainSettings

__all__ = ["outputs", "outputs_of_rows", "train"]


def train(
    network: Network,
    examples: Examples,
    valid: Examples,
    settings: TrainSettings,
    seed: int,
    *,
    hidden: Hidden | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> History:
    """Fit `network` in place: shuffled batches, Adam or AdaGrad, L2 on looked-up rows, early stopping on the mean log loss of
    `valid`; the best epoch's weights are kept. Costs follow the rows of a batch, not the size of tables."""
    from bench.learn.network.trainers import trainer

    if network.bias is not None:
        _start_at_base_rate(network, examples.labels)
    if not list(network.parameters()):
        kind = type(network.plugin).__name__
        raise PluginError(
            f"{kind} has no table and no parameter: there is nothing to train; make it a plain Selector"
        )
    # room is made for a batch, and no batch has more rows than there are
    settings = settings.model_copy(
        update={"batch_size": max(1, min(settings.batch_size, len(examples)))}
    )
    steps = settings.epochs * -(-len(examples) // settings.batch_size)
    generator = torch.Generator().manual_seed(seed)
    losses: list[float] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # dropout
        training = trainer(network, examples, settings, steps)
        tell = telling(progress)
        for epoch in range(settings.epochs):
            drawn = draw(len(examples), settings.batch_size, hidden, generator)
            began = time.perf_counter()
            training.epoch(examples, drawn, hidden)
            rate = len(examples) / max(time.perf_counter() - began, 1e-9)
            losses.append(training.mean_loss(valid))
            tell(Progress("epoch", epoch + 1, settings.epochs, losses[-1], rate))
            if losses[-1] < min(losses[:-1], default=math.inf):  # at a tie the first epoch, as told
                training.keep()
            if epoch - _best(losses) >= max(settings.patience, 1) or not math.isfinite(losses[-1]):
                break
        training.finish()
    return History(len(losses), _best(losses) + 1, tuple(losses), len(losses) * len(examples))


def outputs(network: Network, encoded: Encoded, base_logits: Tensor | None = None) -> Tensor:
    """Logits (n,) of a model or scores (n, K) of a selector, in eval mode."""
    from bench.learn.network.trainers import predictor

    return predictor(network)(encoded, base_logits)


def outputs_of_rows(
    network: Network, encoder: Encoder, rows: View, base_logits: np.ndarray | None = None
) -> np.ndarray:
    """The same of rows that are encoded a block at a time."""
    from bench.learn.network.trainers import predictor

    predict, found = predictor(network), []
    for block, part in zip(blocks(len(rows)), rows.blocks(), strict=True):
        own = None if base_logits is None else torch.tensor(base_logits[block])
        found.append(predict(encoder.encode(part), own).numpy())
    return np.concatenate(found) if found else np.empty(0, np.float32)


def _start_at_base_rate(network: Network, labels: Tensor) -> None:
    rate = float(labels.numpy().sum(dtype=np.float64) / max(len(labels), 1))
    if 0 < rate < 1 and network.bias is not None:
        network.bias.data.fill_(math.log(rate / (1 - rate)))


def _best(losses: list[float]) -> int:
    return min(range(len(losses)), key=losses.__getitem__)
