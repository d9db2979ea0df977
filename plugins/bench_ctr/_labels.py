"""Labels of the rows that a model may learn from."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Rows

__all__ = ["known_labels"]


def known_labels(rows: Rows) -> np.ndarray:
    """(n,) uint8; ValueError where they are withheld."""
    if rows.labels is None:
        raise ValueError("rows without labels can't be learned from")
    return rows.labels
