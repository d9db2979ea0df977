"""Methods, base models and bounds, one below the other and set apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.report.charts.model import Rule

__all__ = ["between_kinds"]


def between_kinds(kinds: Sequence[str]) -> Iterator[Rule]:
    """Of the rows of a names axis, a rule wherever the next row is of another kind."""
    for place, (kind, following) in enumerate(pairwise(kinds)):
        if kind != following:
            yield Rule(place + 0.5, level=True)
