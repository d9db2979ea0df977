"""Who trains a network, and who predicts with it: the compiled form of its model where there is one, else torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from bench.learn.kernels.tables import Table
from bench.learn.network.compiled_training import (
    CompiledTraining,
    check_form,
    compiled_form,
    held_network,
)
from bench.learn.network.declared import declared_form
from bench.learn.network.deep_factorization import FORM as DEEP_FACTORIZATION
from bench.learn.network.deep_factorization import DeepFactorization
from bench.learn.network.deep_trial import check_deep_factorization
from bench.learn.network.draws import Draws, Hidden
from bench.learn.network.encoder import Encoded
from bench.learn.network.examples import Examples
from bench.learn.network.gradients import ByTorch, Gradients
from bench.learn.network.looked_up import LookedUp, plain_tables
from bench.learn.network.network import Network
from bench.learn.network.plugins import DifferentiableModel
from bench.learn.network.row_training import RowTraining
from bench.learn.network.slices import slices
from bench.settings import TrainSettings

__all__ = ["Trainer", "predictor", "trainer"]


class Trainer(Protocol):
    """Parameters under training, beside the network's own."""

    def epoch(self, examples: Examples, draws: Draws, hidden: Hidden | None) -> None:
        """One pass over the rows; all table rows are then where the optimiser has them."""

    def mean_loss(self, examples: Examples) -> float:
        """Mean log loss in eval mode, summed in float64."""

    def keep(self) -> None:
        """The parameters as they are now are the best."""

    def finish(self) -> None:
        """Give the network the best parameters; the last ones where none were kept."""


def trainer(network: Network, examples: Examples, settings: TrainSettings, steps: int) -> Trainer:
    """For at most so many steps."""
    if (form := compiled_form(network)) is not None:
        check_form(network, form, examples.packed)
        return CompiledTraining(network, form, settings, steps)
    return RowTraining(network, settings, steps, _gradients(network, settings))


def _gradients(network: Network, settings: TrainSettings) -> Gradients:
    model = network.plugin
    if isinstance(model, DifferentiableModel) and declared_form(model) == DEEP_FACTORIZATION:
        check_deep_factorization(network, model)
        return DeepFactorization(model, network.dense(), settings.batch_size, settings)
    return ByTorch(network, settings)


def predictor(network: Network) -> Callable[[Encoded, Tensor | None], Tensor]:
    """Gives outputs of rows as bench.learn.outputs, with the parameters as they are now."""
    if (form := compiled_form(network)) is not None:
        held = held_network(network, form)
        return lambda encoded, _: torch.from_numpy(held.logits(encoded.rows(network.layout)))
    tables = plain_tables(network)
    return lambda encoded, base_logits: _outputs(network, tables, encoded, base_logits)


@torch.no_grad()
def _outputs(
    network: Network, tables: dict[str, Table], encoded: Encoded, base_logits: Tensor | None
) -> Tensor:
    network.eval()
    every, parts = encoded.rows(network.layout), []
    for batch in slices(len(encoded.index)):
        rows = every.part(batch.start, batch.stop)
        looked_up = LookedUp(rows.memory, rows.shape.width, rows.n, rows.shape, tables, network)
        own = None if base_logits is None else base_logits[batch]
        parts.append(network(looked_up.lookup(own)))
    return torch.cat(parts) if parts else torch.empty(0)
