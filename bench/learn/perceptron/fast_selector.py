"""The adaptation engine's short cut where the selector alone is adapted and is a perceptron: same leaves, same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from bench.interfaces import Block
from bench.learn.network.network import Network
from bench.learn.perceptron.functions import Descent, Loss, descend_without_graph, loss_without_graph
from bench.learn.perceptron.loss import RaggedPerceptron, part_of
from bench.learn.perceptron.selector import TABLE, PerceptronSelector

__all__ = ["RaggedSelector"]

Leaves = Mapping[str, Tensor]
CHUNK_VALUES = 1 << 20  # dense leaves of the users of a chunk, which stay near the processor


class RaggedSelector:
    """Leaves by the names that `Learnable` gives them, a user's dense ones end to end inside."""

    def __init__(self, network: Network, widths: tuple[int, ...], kernel: Literal["numba", "numpy"] | None) -> None:
        self._shapes = {f"selector/{leaf}": value.shape for leaf, value in network.plugin.named_parameters()}
        self._values = sum(shape.numel() for shape in self._shapes.values())  # P
        self._table = f"selector/{TABLE}"
        self._perceptron = RaggedPerceptron(widths, network.widths[TABLE], kernel)

    @property
    def chunk_users(self) -> int:
        """How many users are best adapted together: nothing is padded, so that many save a chunk's own cost."""
        return min(64, max(16, CHUNK_VALUES // self._values))

    @classmethod
    def of(cls, network: Network, kernel: Literal["numba", "numpy"] | None) -> RaggedSelector | None:
        """None where the selector is no perceptron, or not on the CPU."""
        if not isinstance(network.plugin, PerceptronSelector):
            return None
        widths = network.plugin.layer_widths()
        on_cpu = all(value.device.type == "cpu" for value in network.leaves().values())
        return None if widths is None or not on_cpu else cls(network, widths, kernel)

    def loss(self, per_user: Leaves, block: Block) -> Tensor:
        """(U,) as Learnable.loss."""
        dense = torch.cat([per_user[leaf].flatten(1) for leaf in self._shapes], dim=1)
        arguments = dense, per_user[self._table], self._perceptron, part_of(block)
        if not torch.is_grad_enabled():
            return loss_without_graph(*arguments)
        losses: Tensor = Loss.apply(*arguments)  # type: ignore[no-untyped-call]
        return losses

    def descend(
        self,
        outer: Leaves,
        per_user: Leaves,
        rates: Leaves,
        spread: Leaves,
        scales: Sequence[Tensor | None],
        support: Block,
        *,
        second_order: bool,
        training: bool,
    ) -> dict[str, Tensor]:
        """As bench.learn.descend, from master leaves and what per_user and spread make of them and of the rates."""
        table = per_user[self._table]
        users, ones = len(table), table.new_ones(len(table))
        arguments = (
            self._end_to_end(outer),
            table,
            self._end_to_end(rates),
            spread.get(self._table, torch.zeros_like(table)),
            torch.stack([ones if scale is None else ones * scale for scale in scales]),
            self._perceptron,
            part_of(support),
        )
        if training:
            dense, rows = Descent.apply(*arguments, second_order)  # type: ignore[no-untyped-call]
        else:
            dense, rows = descend_without_graph(*arguments)
        sizes = [shape.numel() for shape in self._shapes.values()]
        own = {
            leaf: values.reshape(users, *shape)
            for (leaf, shape), values in zip(self._shapes.items(), dense.split(sizes, dim=1), strict=True)
        }
        leaves = {**own, self._table: rows}
        return leaves if training else {leaf: value.requires_grad_() for leaf, value in leaves.items()}

    def _end_to_end(self, leaves: Leaves) -> Tensor:
        return torch.cat([leaves[leaf].flatten() for leaf in self._shapes])
