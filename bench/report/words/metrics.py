"""Metrics as a report calls them, and which way they are better."""

from __future__ import annotations

from bench.evaluate import printed
from bench.report.words.blocks import ABSENT
from bench.report.words.names import short

__all__ = ["best_word", "figure", "gain", "head", "named"]

_HEADS = {"logloss": "log loss", "auc": "AUC", "relaimpr": "RelaImpr %", "gauc": "GAUC"}


def head(metric: str) -> str:
    """Of a column."""
    return _HEADS.get(metric, short(metric))


def named(metric: str) -> str:
    """In a sentence."""
    return head(metric).removesuffix(" %")


def figure(metric: str, value: float | None) -> str:
    """`.5261`; an en dash where there is none."""
    return ABSENT if value is None else printed(metric, value)


def best_word(higher_is_better: bool) -> str:
    """`highest` or `lowest`."""
    return "highest" if higher_is_better else "lowest"


def gain(difference: float, higher_is_better: bool) -> float:
    """A difference as far as it is for the better: above 0 is better."""
    return difference if higher_is_better else -difference
