"""Tensors as arrays and back, for what is computed outside of torch's graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["array", "flat", "tensor_like"]

Array = np.ndarray[Any, Any]


def array(tensor: Tensor) -> Array:
    """The same numbers, C-ordered."""
    return tensor.detach().contiguous().numpy()


def flat(table: Tensor) -> Array:
    """Users' own table rows (U, R, D) as (U * R, D)."""
    return array(table).reshape(-1, table.shape[-1])


def tensor_like(table: Tensor, rows: Array | None) -> Tensor | None:
    """(U * R, D) as (U, R, D); nothing where there is nothing."""
    return None if rows is None else torch.from_numpy(rows).view_as(table)
