"""Many comparisons in one table."""

from __future__ import annotations

from collections.abc import Sequence

from bench.evaluate.inference.standard_error import LEVEL

__all__ = ["holm", "none_below_level"]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: the k-th smallest of m times m - k + 1, none below one before it, at most 1. To
    reject those at most .05 keeps the chance of any false rejection at 5 % (Holm, Scand. J. Statist. 1979)."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted


def none_below_level(comparisons: int, resamples: int) -> bool:
    """Whether so many comparisons leave no adjusted p below LEVEL: by so many resamples no p is below 1 / (resamples + 1)."""
    return comparisons > 0 and comparisons * (1 / (resamples + 1)) >= LEVEL
