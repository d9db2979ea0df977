"""A panel of quality against cost: its points with their names, and the line of those that nothing cheaper is as good as."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from bench.report.charts.box import Box
from bench.report.charts.model import Axis, Line, Mark, Panel, Points, Role, Rule, Side
from bench.report.charts.pareto_points import CostAxis, ParetoPoint
from bench.report.charts.placing import Label, Named, labels
from bench.report.content.model import Section
from bench.report.words.metrics import named

__all__ = ["ParetoPanel", "on_line", "pareto_panel", "pareto_panels"]

_NAME = "pareto"
_HEIGHT = 22.0  # rows
_INCHES = 9.2, _HEIGHT * 0.155  # of what all panels together have inside their axes
_ROOM = 0.1  # share of an axis beyond its points, for their names
_STROKE = 0.02  # inches
# where names of points on the line and of others stand best; nothing lies on the better side of the line
_WANTED: Mapping[Literal["above", "below"], tuple[tuple[Side, ...], tuple[Side, ...]]] = {
    "below": (
        (
            "below",
            "left",
            "below left",
            "below right",
            "above right",
            "right",
            "above left",
            "above",
        ),
        (
            "right",
            "left",
            "above",
            "below",
            "above right",
            "above left",
            "below right",
            "below left",
        ),
    ),
    "above": (
        (
            "above",
            "left",
            "above left",
            "above right",
            "below right",
            "right",
            "below left",
            "below",
        ),
        (
            "right",
            "left",
            "below",
            "above",
            "below right",
            "below left",
            "above right",
            "above left",
        ),
    ),
}
_ROLES: tuple[tuple[Role, str, bool], ...] = (
    ("better", "nothing cheaper is as good", True),
    ("tie", "others", False),
)


class ParetoPanel(NamedTuple):
    """What a panel is made of: ends of its axes, and width and height of its inside in inches."""

    cost: CostAxis
    points: Sequence[ParetoPoint]
    x: tuple[float, float]
    y: tuple[float, float]
    inches: tuple[float, float]


def pareto_panels(
    found: Sequence[tuple[CostAxis, Sequence[ParetoPoint]]],
) -> list[ParetoPanel]:
    """Side by side, so that they have one y axis."""
    y = _quality_ends([one.quality for _, points in found for one in points])
    inches = (_INCHES[0] / len(found), _INCHES[1])
    return [
        ParetoPanel(cost, points, _cost_ends([one.cost for one in points]), y, inches)
        for cost, points in found
    ]


def on_line(shown: ParetoPanel) -> list[ParetoPoint]:
    """From the cheapest."""
    return [one for one in shown.points if one.on_line]


def _quality_ends(means: Sequence[float]) -> tuple[float, float]:
    low, high = min(means), max(means)
    room = (high - low or abs(high) or 1.0) * _ROOM
    return low - room, high + room


def _cost_ends(costs: Sequence[float]) -> tuple[float, float]:
    least, most = min(costs), max(costs)
    room = max(most / least, 2.0) ** _ROOM
    return least / room, most * room**2


def pareto_panel(section: Section, shown: ParetoPanel) -> tuple[Panel, list[list[str]]]:
    """As it is drawn, and the names that each of its numbers stands for, from 1 on, cheapest first."""
    word: str = "higher" if section.higher_is_better else "lower"
    better: Literal["above", "below"] = "above" if section.higher_is_better else "below"
    points = [*on_line(shown), *(one for one in shown.points if not one.on_line)]
    found, numbered = _labels(shown, points, better)
    x = Axis(f"{shown.cost.label} (log scale)", "log", (), *shown.x)
    y = Axis(f"{named(section.primary)} ({word} is better)", "linear", (), *shown.y, format="loss")
    marks: list[Mark] = [*_edge(shown), *_line(shown), *_groups(shown, points, found)]
    key = [
        [one.name for one in shown.points if one in [points[place] for place in places]]
        for places in numbered
    ]
    return Panel(x, y, tuple(marks), height=_HEIGHT), key


def _edge(shown: ParetoPanel) -> Iterator[Rule]:
    untimed = [one for one in shown.points if not one.timed]
    if untimed:
        yield Rule(untimed[0].cost, "too soon to time")


def _line(shown: ParetoPanel) -> Iterator[Line]:
    """From each of the line to the next one's cost, and there to that one; from the last to the edge."""
    joined = on_line(shown)
    if joined:
        x = (*(one.cost for one in joined), shown.x[1])
        y = (*(one.quality for one in joined), joined[-1].quality)
        yield Line(f"{_NAME}-{shown.cost.key}-steps", x, y, "better", steps=True)


def _groups(
    shown: ParetoPanel, points: Sequence[ParetoPoint], found: Sequence[Label]
) -> Iterator[Points]:
    placed = list(zip(points, found, strict=True))
    for role, label, joined in _ROLES:
        group = [(one, beside) for one, beside in placed if one.on_line == joined]
        if group:
            yield Points(
                f"{_NAME}-{shown.cost.key}-{'line' if joined else 'other'}",
                tuple(one.cost for one, _ in group),
                tuple(one.quality for one, _ in group),
                role,
                label,
                tuple(beside.text for _, beside in group),
                tuple(beside.side for _, beside in group),
            )


def _labels(
    shown: ParetoPanel, points: Sequence[ParetoPoint], better: Literal["above", "below"]
) -> tuple[list[Label], list[list[int]]]:
    """Names of the line's points choose their places first."""
    of_line, of_others = _WANTED[better]
    spots = [
        Named(
            *_inches(shown, one.cost, one.quality), one.name, of_line if one.on_line else of_others
        )
        for one in points
    ]
    return labels(spots, Box(0, shown.inches[0], 0, shown.inches[1]), _taken(shown))


def _taken(shown: ParetoPanel) -> Iterator[Box]:
    """What lines cover, and the words at the edge."""
    for line in _line(shown):
        corners = [_inches(shown, x, y) for x, y in zip(line.x, line.y, strict=True)]
        for (left, level), (right, following) in pairwise(corners):
            yield Box(left, right, level - _STROKE, level + _STROKE)
            yield Box(right - _STROKE, right + _STROKE, *sorted((level, following)))
    for rule in _edge(shown):
        left, top = _inches(shown, rule.at, shown.y[0])[0], shown.inches[1]
        yield Box(left, left + 1.2, top - 0.2, top)


def _inches(shown: ParetoPanel, cost: float, quality: float) -> tuple[float, float]:
    """From the panel's lower left corner."""
    (left, right), (low, high) = shown.x, shown.y
    along = math.log(cost / left) / math.log(right / left)
    up = (quality - low) / (high - low)
    return along * shown.inches[0], up * shown.inches[1]
