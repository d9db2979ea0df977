"""Gathering table rows, and summing gradients back into them, several times faster than embedding does on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

__all__ = ["RowIndex"]


class RowIndex:
    """Positions (...) into the rows of tables with `rows` rows; made once, used for every table and every gradient step.

    Gathering is a product with a sparse 0/1 matrix and so is its own derivative's transpose: differentiable to any order."""

    def __init__(self, positions: Tensor, rows: int) -> None:
        self.positions, self.rows = positions, rows
        self._matrices: dict[np.dtype[Any], Any] = {}

    def gather(self, table: Tensor) -> Tensor:
        """(rows, width) -> (..., width)."""
        flat: Tensor = _Gather.apply(table, self)  # type: ignore[no-untyped-call]
        return flat.reshape(*self.positions.shape, table.shape[-1])

    def take(self, table: Tensor) -> Tensor:
        """(rows, width) -> (n, width), outside of any graph."""
        return table.index_select(0, self.positions.reshape(-1))

    def add_up(self, values: Tensor) -> Tensor:
        """(n, width) -> (rows, width): the transpose of `take`, outside of any graph."""
        dense = np.ascontiguousarray(values.numpy())
        return torch.from_numpy(self._matrix(dense.dtype) @ dense)

    def _matrix(self, dtype: np.dtype[Any]) -> Any:
        """(rows, n) with a one where position n is the row; scipy multiplies by it in one pass, without sorting."""
        if dtype not in self._matrices:
            flat = self.positions.reshape(-1).numpy()
            pointer = np.arange(len(flat) + 1, dtype=flat.dtype)
            self._matrices[dtype] = sparse.csc_array(
                (np.ones(len(flat), dtype), flat, pointer), shape=(self.rows, len(flat))
            )
        return self._matrices[dtype]


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, index: RowIndex) -> Tensor:
        ctx.index = index
        return index.take(table)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return _AddUp.apply(gradient, ctx.index), None  # type: ignore[no-untyped-call]


class _AddUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, index: RowIndex) -> Tensor:
        ctx.index = index
        return index.add_up(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return _Gather.apply(gradient, ctx.index), None  # type: ignore[no-untyped-call]
