"""What is resampled: the rows of one seed, and what several methods made of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.interfaces import MetricRows

__all__ = ["Slice", "rows_at"]


class Slice(NamedTuple):
    """One seed's test query rows, n of them. An id is one user in every slice: who is drawn is drawn in all of them."""

    rows: MetricRows  # in any order
    logits: np.ndarray  # (M, n) float32 or float64, a row a method

    @property
    def y(self) -> np.ndarray:
        """(n,) of 0 and 1."""
        return self.rows.y

    @property
    def users(self) -> np.ndarray:
        """(n,) int."""
        return self.rows.users

    @classmethod
    def of_labels(cls, y: np.ndarray, users: np.ndarray, logits: np.ndarray) -> Slice:
        """For metrics that read labels and users alone: of items and support the rows know nothing."""
        nothing = np.zeros(len(y), dtype=np.int64)
        return cls(MetricRows(y, users, nothing, nothing, np.full(len(y), np.nan), nothing), logits)


def rows_at(rows: MetricRows, index: np.ndarray) -> MetricRows:
    """Those rows alone, in that order. index (k,) int, or (n,) bool."""
    return MetricRows(*(known[index] for known in rows))
