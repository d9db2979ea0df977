"""Bins of equally many rows, that never part equal values."""

from __future__ import annotations

import numpy as np

__all__ = ["equal_mass_bins"]


def equal_mass_bins(values: np.ndarray, bins: int) -> np.ndarray:
    """(n,) int64: each row's bin in 0..bins - 1, ascending with its value. values (n,) without NaN, any order.

    Rows of one value are a block, which goes whole to the bin that its middle rank falls in: what order the rows came in
    changes nothing. Without equal values bins differ by at most a row; with them some are larger and some may be empty."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(values)
    ascending = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    ends = np.append(starts[1:], len(values))
    of_block = bins * (starts + ends) // (2 * len(values))
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.repeat(of_block, ends - starts)
    return found
