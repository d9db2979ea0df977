"""Room for a batch and for the table rows that it touches, made once a fit."""

from __future__ import annotations

import numpy as np

from bench.learn.kernels.adam import REST
from bench.learn.kernels.shape import BLOCK, Shape
from bench.learn.kernels.steps import Batch
from bench.learn.kernels.tables import Table, batch_table

__all__ = ["batch_room", "most_touched"]


def batch_room(shape: Shape, size: int, entries: int, linear: Table, factors: Table) -> Batch:
    """For batches of `size` rows over `entries` table rows and the bias."""
    stride = -(-shape.width // BLOCK) * BLOCK
    touched = most_touched(shape, size, entries) + 1
    own_rows = len(shape.starts) - 1  # a field: of the field-aware form
    return Batch(
        rows=np.zeros(size * stride, np.int32),
        stride=stride,
        touched=np.zeros(touched + 1, np.int32),
        rest=np.zeros(touched * REST, np.float32),
        linear=batch_table(touched, linear),
        factors=batch_table(touched + own_rows, factors),
    )


def most_touched(shape: Shape, size: int, entries: int) -> int:
    """How many of so many table rows a batch of `size` rows can have."""
    return min(size * shape.entries, entries)
