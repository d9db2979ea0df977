"""What a plugin is handed: arrays that it can't change."""

from __future__ import annotations

import numpy as np

__all__ = ["read_only"]


def read_only(values: np.ndarray) -> np.ndarray:
    """A copy that can't be written to, nor made writable again: its memory is a `bytes` object.

    torch.from_numpy writes to it all the same (and warns): what is scored, mixed or recorded is read from another copy."""
    return np.ndarray(values.shape, values.dtype, buffer=values.tobytes())
