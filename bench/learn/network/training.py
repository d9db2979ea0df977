"""The one loop that trains every differentiable model, and a selector row by row (gating)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bench.errors import PluginError
from bench.interfaces import History
from bench.learn.network.encoder import Encoded
from bench.learn.network.losses import binary_cross_entropy, mixture_cross_entropy
from bench.learn.network.network import Network
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings

__all__ = ["Examples", "Hidden", "outputs", "train"]

EVALUATION_BATCH = 16384


class Hidden(NamedTuple):
    """Training rows hide their user with this chance: column `column` of the index becomes `entry` (unknown)."""

    column: int
    entry: int
    chance: float


@dataclass(frozen=True)
class Examples:
    """n labelled rows; `base_logits` (n, K) where a selector learns from them."""

    encoded: Encoded
    labels: Tensor  # (n,) float
    base_logits: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)


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
    """Fit `network` in place: shuffled index slices, fused Adam, L2 on looked-up rows, early stopping on the mean log
    loss of `valid`; the best epoch's weights are kept."""
    if network.bias is not None:
        _start_at_base_rate(network, examples.labels)
    parameters = list(network.parameters())
    if not parameters:
        kind = type(network.plugin).__name__
        raise PluginError(
            f"{kind} has no table and no parameter: there is nothing to train; make it a plain Selector"
        )
    optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    losses: list[float] = []
    best: dict[str, Tensor] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # dropout
        for epoch in range(settings.epochs):
            _one_epoch(network, examples, settings, optimiser, generator, hidden)
            losses.append(mean_loss(network, valid))
            progress(f"epoch {epoch + 1}/{settings.epochs}, validation log loss {losses[-1]:.4f}")
            if losses[-1] <= min(losses):
                best = {
                    name: value.detach().clone() for name, value in network.state_dict().items()
                }
            if epoch - _best(losses) >= max(settings.patience, 1) or not math.isfinite(losses[-1]):
                break
    if best:
        network.load_state_dict(best)
    return History(len(losses), _best(losses) + 1, tuple(losses), len(losses) * len(examples))


def _one_epoch(
    network: Network,
    examples: Examples,
    settings: TrainSettings,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    hidden: Hidden | None,
) -> None:
    network.train()
    shuffled = torch.randperm(len(examples), generator=generator)
    for batch in torch.split(shuffled, settings.batch_size):
        index = examples.encoded.index[batch]
        if hidden is not None:
            hide = torch.rand(len(batch), generator=generator) < hidden.chance
            index[hide, hidden.column] = hidden.entry
        rows = RowIndex(index, examples.encoded.weights[batch], network.layout, network.entries)
        loss = _losses(network, rows, examples, batch).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.l2:
            _add_l2(network, rows, settings.l2 / len(batch))
        optimiser.step()


def _add_l2(network: Network, rows: RowIndex, strength: float) -> None:
    """Add the gradient of strength * (sum over looked-up rows of |row|^2), for tables wider than 1.

    A row counts as often as it was looked up; straight into the gradient, since its graph would cost as much as a model's."""
    wide = [network.tables[table] for table, width in network.widths.items() if width > 1]
    if not wide:
        return
    times = torch.from_numpy(rows.times_looked_up()).unsqueeze(-1)
    for table in wide:
        assert table.grad is not None, "a table that forward does not read"
        table.grad.addcmul_(times.to(table.dtype), table.detach(), value=2 * strength)


def _losses(network: Network, rows: RowIndex, examples: Examples, batch: Tensor | slice) -> Tensor:
    """(batch,) cross-entropy of a model, or of a selector's mixture."""
    labels, weights = examples.labels[batch], examples.encoded.weights[batch]
    if examples.base_logits is None:
        return binary_cross_entropy(network(network.lookup(rows, weights)), labels)
    base_logits = examples.base_logits[batch]
    # A copy for the plugin: what it does to it in place is not what is mixed, nor what the next epoch sees.
    scores = network(network.lookup(rows, weights, base_logits.clone()))
    return mixture_cross_entropy(scores, base_logits, labels)


@torch.no_grad()
def mean_loss(network: Network, examples: Examples) -> float:
    """Mean log loss over `examples` in eval mode, summed in float64."""
    network.eval()
    total = torch.zeros((), dtype=torch.float64)
    for batch in _slices(len(examples)):
        rows = _index(network, examples.encoded, batch)
        total += _losses(network, rows, examples, batch).double().sum()
    return float(total) / max(len(examples), 1)


@torch.no_grad()
def outputs(network: Network, encoded: Encoded, base_logits: Tensor | None = None) -> Tensor:
    """Logits (n,) of a model or scores (n, K) of a selector, in eval mode."""
    network.eval()
    parts = []
    for batch in _slices(len(encoded.index)):
        part_logits = None if base_logits is None else base_logits[batch]
        rows = _index(network, encoded, batch)
        parts.append(network(network.lookup(rows, encoded.weights[batch], part_logits)))
    return torch.cat(parts) if parts else torch.empty(0)


def _index(network: Network, encoded: Encoded, batch: slice) -> RowIndex:
    return RowIndex(encoded.index[batch], encoded.weights[batch], network.layout, network.entries)


def _slices(n: int) -> list[slice]:
    return [
        slice(start, min(start + EVALUATION_BATCH, n)) for start in range(0, n, EVALUATION_BATCH)
    ]


def _start_at_base_rate(network: Network, labels: Tensor) -> None:
    rate = float(labels.double().mean())
    if 0 < rate < 1 and network.bias is not None:
        network.bias.data.fill_(math.log(rate / (1 - rate)))


def _best(losses: list[float]) -> int:
    return min(range(len(losses)), key=losses.__getitem__)
