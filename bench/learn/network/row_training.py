"""Training of any differentiable plugin, whoever finds its gradients: lookups, their gradients and the optimisers' steps are
compiled, and touch a batch's own table rows alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bench.learn.kernels.adam import REST
from bench.learn.kernels.batches import gather, hide, touch
from bench.learn.kernels.optimiser import Optimiser
from bench.learn.kernels.room import most_touched
from bench.learn.kernels.shape import BLOCK, Shape
from bench.learn.kernels.tables import batch_table, training_table, values
from bench.learn.network.dense_optimiser import dense_optimiser
from bench.learn.network.draws import Draws, Hidden
from bench.learn.network.examples import Examples
from bench.learn.network.gradients import Gradients, batch_losses
from bench.learn.network.looked_up import LookedUp
from bench.learn.network.network import BIAS, Network
from bench.learn.network.packed import PackedRows, shape_of
from bench.learn.network.slices import slices
from bench.settings import TrainSettings

__all__ = ["RowTraining"]


class RowTraining:
    """The network's own tables are always the best ones so far; those that are trained are held here."""

    def __init__(
        self, network: Network, settings: TrainSettings, steps: int, gradients: Gradients
    ) -> None:
        self._network, self._settings, self._gradients = network, settings, gradients
        self._tables = {
            name: training_table(network.entries, width) for name, width in network.widths.items()
        }
        for name, held in self._values():
            held[...] = network.tables[name].detach().numpy()
        self._of_rows = Optimiser(settings, steps, network.entries)
        self._of_dense = dense_optimiser(list(network.dense().values()), settings)
        self._best: dict[str, Tensor] = {}
        self._make_room(shape_of(network.layout), settings.batch_size)

    def _make_room(self, shape: Shape, size: int) -> None:
        """For a batch's rows, and for the table rows that it touches."""
        self._stride = -(-shape.width // BLOCK) * BLOCK
        most = most_touched(shape, size, self._network.entries)
        self._batch = np.zeros(size * self._stride, np.int32)
        self._touched = np.zeros(most + 1, np.int32)
        self._rest = np.zeros(most * REST, np.float32)
        self._taken = {name: batch_table(most, table) for name, table in self._tables.items()}

    def epoch(self, examples: Examples, draws: Draws, hidden: Hidden | None) -> None:
        """One pass over the rows; all table rows are then where the optimiser has them."""
        self._network.train()
        size, by = self._settings.batch_size, self._of_rows
        pairs = [(self._tables[name], self._taken[name]) for name in self._tables]
        for begin in range(0, len(examples), size):
            end = min(len(examples), begin + size)
            count = self._gather(examples.packed, draws, hidden, begin, end)
            by.take(self._touched, count, self._rest, pairs)
            looked_up = LookedUp(
                self._batch,
                self._stride,
                end - begin,
                examples.packed.shape,
                self._taken,
                self._network,
            )
            self._gradients.find(looked_up, _base_logits(examples, draws.order[begin:end]))
            self._of_dense.step()
            by.move(self._touched, count, self._rest, pairs)
        by.catch_up(*self._tables.values())

    @torch.no_grad()
    def mean_loss(self, examples: Examples) -> float:
        """In eval mode, summed in float64."""
        self._network.eval()
        total = 0.0
        for part in slices(len(examples)):
            rows = examples.packed.part(part.start, part.stop)
            looked_up = LookedUp(
                rows.memory, rows.shape.width, rows.n, rows.shape, self._tables, self._network
            )
            losses = batch_losses(self._network, looked_up, _base_logits(examples, part))
            total += float(losses.double().sum())
        return total / max(len(examples), 1)

    def keep(self) -> None:
        """The parameters as they are now are the best."""
        self._write_tables()
        state = self._network.plugin.state_dict() | _bias(self._network)
        self._best = {name: value.detach().clone() for name, value in state.items()}

    def finish(self) -> None:
        """The network has the best parameters; the last ones where none were kept."""
        if not self._best:
            self._write_tables()
            return
        with torch.no_grad():
            for name, value in (self._network.plugin.state_dict() | _bias(self._network)).items():
                value.copy_(self._best[name])

    def _write_tables(self) -> None:
        for name, held in self._values():
            self._network.tables[name].data.copy_(torch.from_numpy(held))

    def _values(self) -> list[tuple[str, np.ndarray]]:
        """Of each table (J, width): a view."""
        widths = self._network.widths
        return [(name, values(table, widths[name])[:, 0]) for name, table in self._tables.items()]

    def _gather(
        self, rows: PackedRows, draws: Draws, hidden: Hidden | None, begin: int, end: int
    ) -> int:
        """Rows [begin, end) of the order side by side, their entries as places in the list of touched table rows: how many."""
        batch, stride = self._batch, self._stride
        gather(rows.memory, rows.shape.width, draws.order, begin, end, batch, stride)
        if hidden is not None:
            hide(draws.hides, begin, end, hidden.column, np.int32(hidden.entry), batch, stride)
        moved, place = self._of_rows.descent.moved, self._of_rows.descent.place
        return touch(batch, stride, end - begin, rows.shape.entries, moved, place, self._touched)


def _base_logits(examples: Examples, rows: np.ndarray | slice) -> Tensor | None:
    return None if examples.base_logits is None else examples.base_logits[rows]


def _bias(network: Network) -> dict[str, Tensor]:
    return {} if network.bias is None else {BIAS: network.bias}
