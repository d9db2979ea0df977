"""Rows in parts that fit the processor's caches, where no batch size is asked for."""

from __future__ import annotations

__all__ = ["slices"]

ROWS = 16384


def slices(n: int) -> list[slice]:
    """Of n rows, in order."""
    return [slice(start, min(start + ROWS, n)) for start in range(0, n, ROWS)]
