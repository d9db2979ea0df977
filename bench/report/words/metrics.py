"""Metrics as a report calls them, and which way they are better."""

from __future__ import annotations

from bench.evaluate import called, printed
from bench.report.words.blocks import ABSENT
from bench.report.words.names import short

__all__ = ["best_word", "figure", "gain", "head", "named"]


def head(metric: str) -> str:
    """Of a column."""
    return f"{named(metric)} %" if metric == "relaimpr" else named(metric)


def named(metric: str) -> str:
    """In a sentence."""
    return short(called(metric))


def figure(metric: str, value: float | None, places: int) -> str:
    """`.5261`, with so many decimals; an en dash where there is none."""
    return ABSENT if value is None else printed(metric, value, places)


def best_word(higher_is_better: bool) -> str:
    """`highest` or `lowest`."""
    return "highest" if higher_is_better else "lowest"


def gain(difference: float, higher_is_better: bool) -> float:
    """A difference as far as it is for the better: above 0 is better."""
    return difference if higher_is_better else -difference
