"""Whom all are held against, in words."""

from __future__ import annotations

from bench.report.content.model import Section
from bench.report.words.names import short

__all__ = ["itself", "named_reference", "reference"]


def reference(section: Section) -> str:
    """`the best single model`, or the name of the method that was asked for."""
    chosen = section.analysis.chosen if section.analysis is not None else None
    return "the best single model" if chosen is None else short(chosen)


def itself(section: Section) -> str:
    """What stands in a column of differences where the row is the one that they are from."""
    return "itself" if section.is_chosen else "best single"


def named_reference(section: Section, name: str) -> str:
    """`the best single model (fm)`, or the name alone of the method that was asked for."""
    return short(name) if section.is_chosen else f"the best single model ({short(name)})"
