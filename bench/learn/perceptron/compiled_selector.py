"""The adaptation engine's short cut where the selector alone is adapted and is a perceptron: same leaves, same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

import torch
from torch import Tensor

from bench.interfaces import Block
from bench.learn.network.network import Network
from bench.learn.perceptron.descent_function import DescentFunction, descend_without_graph
from bench.learn.perceptron.loss import PerceptronLoss, part_of
from bench.learn.perceptron.loss_function import LossFunction, loss_without_graph
from bench.learn.perceptron.selector import TABLE, PerceptronSelector

__all__ = ["CompiledSelector", "kernel_software"]

Leaves = Mapping[str, Tensor]
CHUNK_VALUES = 1 << 20  # dense leaves of the users of a chunk, which stay near the processor


class CompiledSelector:
    """Loss and inner loop of a perceptron by the compiled kernel. Leaves have the names that `Learnable` gives them; inside,
    a user's dense ones lie end to end."""

    def __init__(self, network: Network, widths: tuple[int, ...]) -> None:
        self._shapes = {
            f"selector/{leaf}": value.shape for leaf, value in network.plugin.named_parameters()
        }
        self._values = sum(shape.numel() for shape in self._shapes.values())  # P
        self._table = f"selector/{TABLE}"
        self._loss = PerceptronLoss(widths, network.widths[TABLE])

    @classmethod
    def of(cls, network: Network) -> CompiledSelector | None:
        """None where the selector is no perceptron, or not on the CPU."""
        if not isinstance(network.plugin, PerceptronSelector):
            return None
        widths = network.plugin.layer_widths()
        on_cpu = all(value.device.type == "cpu" for value in network.leaves().values())
        return None if widths is None or not on_cpu else cls(network, widths)

    @property
    def chunk_users(self) -> int:
        """How many users are best adapted together: nothing is padded, so that many save a chunk's own cost."""
        return min(64, max(16, CHUNK_VALUES // self._values))

    def moves(self, leaves: Iterable[str]) -> bool:
        """Whether `descend` can move these leaves and no others: all, or all but the table."""
        return set(leaves) - {self._table} == self._shapes.keys()

    def loss(self, per_user: Leaves, block: Block) -> Tensor:
        """(U,) as Learnable.loss."""
        dense = torch.cat([per_user[leaf].flatten(1) for leaf in self._shapes], dim=1)
        arguments = dense, per_user[self._table], self._loss, part_of(block)
        if not torch.is_grad_enabled():
            return loss_without_graph(*arguments)
        losses: Tensor = LossFunction.apply(*arguments)  # type: ignore[no-untyped-call]
        return losses

    def descend(
        self,
        outer: Leaves,
        per_user: Leaves,
        spread: Leaves,
        scales: Sequence[Tensor | None],
        support: Block,
        *,
        second_order: bool,
        training: bool,
    ) -> dict[str, Tensor]:
        """As bench.learn.descend, from master leaves, what per_user makes of them, and the spread rates of the leaves that
        move."""
        table = per_user[self._table]
        users, ones = len(table), table.new_ones(len(table))
        arguments = (
            self._end_to_end(outer),
            table,
            self._end_to_end(spread),
            spread.get(self._table),
            torch.stack([ones if scale is None else ones * scale for scale in scales]),
            self._loss,
            part_of(support),
        )
        if training:
            dense, rows = DescentFunction.apply(*arguments, second_order)  # type: ignore[no-untyped-call]
        else:
            dense, rows = descend_without_graph(*arguments)
        sizes = [shape.numel() for shape in self._shapes.values()]
        moved = {
            leaf: values.reshape(users, *shape)
            for (leaf, shape), values in zip(
                self._shapes.items(), dense.split(sizes, dim=1), strict=True
            )
        }
        if rows is not None:
            moved[self._table] = rows
        if not training:
            moved = {leaf: value.requires_grad_() for leaf, value in moved.items()}
        return {**per_user, **moved}

    def _end_to_end(self, leaves: Leaves) -> Tensor:
        """(P,) of shared leaves."""
        return torch.cat([leaves[leaf].flatten() for leaf in self._shapes])


def kernel_software(selector: CompiledSelector | None) -> str:
    """For a record: what adapts a perceptron. Last bits may differ between them."""
    return "autograd" if selector is None else f"numba {version('numba')}"
