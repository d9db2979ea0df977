"""What a row looks like to the kernels. Nothing here imports numba, so that rows are encoded without it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["BLOCK", "Shape"]

BLOCK = 16  # int32 that are copied at once; rows that lie end to end have as many to spare after the last


class Shape(NamedTuple):
    """A row is `width` int32: its E entries, the weights of those that are not categorical and its label, both of them as the
    bits of float32. A field's entries lie in [starts[f], starts[f + 1]); those of the first `single` fields have no weight."""

    width: int
    entries: int
    single: int
    starts: np.ndarray  # (F + 1,) int64
