"""Rows as the compiled kernels read them: entries, weights and label of a row side by side, rows end to end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.data.paged import new_array
from bench.learn.kernels.shape import BLOCK, Shape
from bench.learn.network.lookup import Layout

__all__ = ["PackedRows", "shape_of"]


def shape_of(layout: Layout) -> Shape:
    """What the kernels know of a row."""
    entries, single = layout.entries, layout.single
    return Shape(2 * entries - single + 1, entries, single, np.array(layout.starts, dtype=np.int64))


@dataclass(frozen=True)
class PackedRows:
    """n rows of `shape.width` int32 each: E entries, E - single weights and a label, the latter as the bits of float32.

    `index`, `weights` and `labels` are views: what is written there is in the rows."""

    memory: np.ndarray  # (n * width + BLOCK,) int32
    shape: Shape
    n: int

    @classmethod
    def empty(cls, n: int, layout: Layout) -> PackedRows:
        """Rows to be filled in; labels are 0."""
        shape = shape_of(layout)
        return cls(new_array(n * shape.width + BLOCK, np.int32), shape, n)

    @property
    def index(self) -> Tensor:
        """(n, E) int32."""
        return torch.from_numpy(self._rows[:, : self.shape.entries])

    @property
    def weights(self) -> Tensor:
        """(n, E - single) float32."""
        return torch.from_numpy(self._rows[:, self.shape.entries : -1].view(np.float32))

    @property
    def labels(self) -> Tensor:
        """(n,) float32."""
        return torch.from_numpy(self._rows[:, -1].view(np.float32))

    def part(self, begin: int, end: int) -> PackedRows:
        """Rows [begin, end): a view."""
        width = self.shape.width
        return PackedRows(self.memory[begin * width : end * width + BLOCK], self.shape, end - begin)

    def copy(self) -> PackedRows:
        return PackedRows(self.memory.copy(), self.shape, self.n)

    @property
    def _rows(self) -> np.ndarray:
        return self.memory[: self.n * self.shape.width].reshape(self.n, self.shape.width)
