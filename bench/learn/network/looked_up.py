"""Table rows of a batch as torch's graph sees them: looked up, and their gradients given back, by compiled code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from bench.learn.kernels.lookups import add_gradient, add_gradient_of_field, of_field, pool
from bench.learn.kernels.shape import Shape
from bench.learn.kernels.tables import Table, plain_table
from bench.learn.network.declared import LINEAR
from bench.learn.network.lookup import RowLookup
from bench.learn.network.network import Network

__all__ = ["LookedUp", "plain_tables"]


def plain_tables(network: Network) -> dict[str, Table]:
    """The network's own tables, to look up in; nothing is copied."""
    return {name: plain_table(network.tables[name].detach().numpy()) for name in network.widths}


class LookedUp:
    """n rows' table rows, as leaves of torch's graph, made when they are first asked for.

    rows: int32 as in bench.learn.kernels.batches, a row's from a multiple of `stride` on."""

    def __init__(
        self,
        rows: np.ndarray,
        stride: int,
        n: int,
        shape: Shape,
        tables: Mapping[str, Table],
        network: Network,
    ) -> None:
        self._rows, self._stride, self._n, self._shape = rows, stride, n, shape
        self._tables, self._widths, self._layout = tables, network.widths, network.layout
        self._apart = network.plugin.unpooled
        self._pooled: dict[str, Tensor] = {}
        self._of_field: dict[tuple[str, str], Tensor] = {}

    def _floats(self) -> Tensor:
        """(n, stride): the rows' bits as float32."""
        rows = self._rows[: self._n * self._stride]
        return torch.from_numpy(rows.view(np.float32).reshape(self._n, self._stride))

    @property
    def labels(self) -> Tensor:
        """(n,)"""
        return self._floats()[:, self._shape.width - 1]

    def lookup(self, base_logits: Tensor | None = None) -> RowLookup:
        """What the plugin is handed."""
        shape = self._shape
        weights = self._floats()[:, shape.entries : shape.width - 1]
        return RowLookup(
            self._pool,
            self._take_field,
            weights,
            self._layout,
            base_logits,
            tables=self._widths,
            apart=self._apart,
        )

    def add_gradients(self, l2: float) -> None:
        """What torch found, and the penalty l2 |row|^2 of each looked-up row of every table but `linear`, per row."""
        for name, table in self._tables.items():
            width = self._widths[name]
            penalty = np.float32(2 * l2 / self._n if name != LINEAR else 0.0)
            gradient = _gradient(self._pooled.get(name), (self._n, len(self._layout.fields), width))
            add_gradient(self._rows, self._shape, self._stride, table, width, gradient, penalty)
        for (name, field), leaf in self._of_field.items():
            span, width = self._layout.span(field), self._widths[name]
            gradient = _gradient(leaf, tuple(leaf.shape))
            add_gradient_of_field(
                self._rows, self._stride, span.start, span.stop, self._tables[name], width, gradient
            )

    def _pool(self, name: str) -> Tensor:
        width = self._widths[name]
        leaf = torch.empty(self._n, len(self._layout.fields), width)
        pool(
            self._rows,
            self._shape,
            self._stride,
            self._tables[name],
            width,
            leaf.numpy().reshape(-1),
        )
        self._pooled[name] = leaf.requires_grad_(torch.is_grad_enabled())
        return self._pooled[name]

    def _take_field(self, name: str, field: str) -> Tensor:
        span, width = self._layout.span(field), self._widths[name]
        leaf = torch.empty(self._n, span.stop - span.start, width)
        of_field(
            self._rows, self._stride, span.start, span.stop, self._tables[name], width,
            leaf.numpy().reshape(-1),
        )  # fmt: skip
        self._of_field[name, field] = leaf.requires_grad_(torch.is_grad_enabled())
        return self._of_field[name, field]


def _gradient(leaf: Tensor | None, shape: tuple[int, ...]) -> np.ndarray:
    """Flat; zeros of a leaf that the plugin did not use."""
    if leaf is None or leaf.grad is None:
        return np.zeros(int(np.prod(shape)), np.float32)
    return leaf.grad.contiguous().numpy().reshape(-1)
