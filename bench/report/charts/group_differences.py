"""How the best methods differ from the best single model in groups of users and of items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.evaluate import Paired, Segment
from bench.report.charts.ends import Interval
from bench.report.content.model import Row, Section
from bench.report.sections.for_whom import shown

__all__ = ["BY", "GroupDifference", "compared_methods", "group_differences"]

_MOST = 3  # methods
_APART = 0.8  # of a group's height that its methods take
BY: Mapping[str, str] = {
    "history": "users, by rows of their support",
    "support_rate": "users, by positives in their support",
    "popularity": "items, by their rows in training",
}


class GroupDifference(NamedTuple):
    """A method in a group."""

    group: Segment
    method: int  # its place among those that are shown
    at: float  # along the axis of groups
    pair: Paired
    difference: float

    @property
    def interval(self) -> Interval:
        low, high = self.pair.low, self.pair.high
        return (
            self.difference if low is None else low,
            self.difference if high is None else high,
        )


def compared_methods(section: Section) -> list[str]:
    """The lead and those next to it, of a section with an analysis."""
    assert section.analysis is not None
    rows: list[Row] = [row for row in shown(section) if row.kind != "best_single"]
    return [row.name for row in rows[:_MOST]]


def group_differences(
    by: str, groups: Sequence[Segment], methods: Sequence[str]
) -> Iterator[GroupDifference]:
    """Group by group of those that are made `by` something."""
    for place, group in enumerate(group for group in groups if group.by == by):
        for method, name in enumerate(methods):
            pair = group.against_best_single.get(name)
            if pair is not None and pair.difference is not None:
                yield GroupDifference(
                    group, method, place + _aside(method, methods), pair, pair.difference
                )


def _aside(method: int, methods: Sequence[str]) -> float:
    """From the middle of its group."""
    return (method - (len(methods) - 1) / 2) * _APART / len(methods)
