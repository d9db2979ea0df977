"""What quality costs: the primary against training and prediction time, and the line of those that nothing cheaper beats."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from bench.report.charts.model import (
    Axis,
    Chart,
    Line,
    Mark,
    Panel,
    Points,
    Role,
    Rule,
    Side,
    nothing_to_draw,
)
from bench.report.charts.pareto_points import COSTS, CostAxis, ParetoPoint, costed, pareto_points
from bench.report.charts.placing import Box, Named, sides
from bench.report.content.model import Section
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow
from bench.report.words.figures import listed
from bench.report.words.metrics import figure, named
from bench.report.words.names import short

__all__ = ["pareto"]

_NAME = "pareto"
_HEIGHT = 22.0  # rows
_INCHES = 9.2, _HEIGHT * 0.155  # of what all panels together have inside their axes
_ROOM = 0.1  # share of an axis beyond its points, for their names
_STROKE = 0.02  # inches
# where names of points on the line and of others stand best; nothing lies on the better side of the line
_WANTED: Mapping[Literal["above", "below"], tuple[tuple[Side, ...], tuple[Side, ...]]] = {
    "below": (
        ("below", "left", "below left", "below right", "above right"),
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
        ("above", "left", "above left", "above right", "below right"),
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


class _Shown(NamedTuple):
    """What a panel is made of: ends of its axes, and width and height of its inside in inches."""

    cost: CostAxis
    points: Sequence[ParetoPoint]
    x: tuple[float, float]
    y: tuple[float, float]
    inches: tuple[float, float]


def pareto(section: Section) -> Chart:
    """Two panels, of training and of prediction; methods and base models alone, since bounds have no cost."""
    title = f"{named(section.primary)} against cost"
    found = [(cost, pareto_points(section, cost)) for cost in COSTS]
    told = [(cost, points) for cost, points in found if any(one.timed for one in points)]
    if not told:
        return nothing_to_draw(_NAME, title, "No cost of a method with a result is known.")
    y = _quality_ends([one.quality for _, points in told for one in points])
    inches = (_INCHES[0] / len(told), _INCHES[1])
    shown = [
        _Shown(cost, points, _cost_ends([one.cost for one in points]), y, inches)
        for cost, points in told
    ]
    panels = tuple(_panel(section, one) for one in shown)
    return Chart(
        _NAME,
        title[0].upper() + title[1:],
        " ".join(_told(section, one) for one in shown),
        panels,
        _numbers(section, shown),
        note=" ".join(_notes(section, shown, panels)),
        columns=len(shown),
        wide=True,
    )


def _quality_ends(means: Sequence[float]) -> tuple[float, float]:
    low, high = min(means), max(means)
    room = (high - low or abs(high) or 1.0) * _ROOM
    return low - room, high + room


def _cost_ends(costs: Sequence[float]) -> tuple[float, float]:
    least, most = min(costs), max(costs)
    room = max(most / least, 2.0) ** _ROOM
    return least / room, most * room**2


def _panel(section: Section, shown: _Shown) -> Panel:
    word: str = "higher" if section.higher_is_better else "lower"
    better: Literal["above", "below"] = "above" if section.higher_is_better else "below"
    x = Axis(f"{shown.cost.label} (log scale)", "log", (), *shown.x)
    y = Axis(f"{named(section.primary)} ({word} is better)", "linear", (), *shown.y, format="loss")
    marks: list[Mark] = [*_edge(shown), *_line(shown), *_groups(shown, better)]
    return Panel(x, y, tuple(marks), height=_HEIGHT)


def _edge(shown: _Shown) -> Iterator[Rule]:
    untimed = [one for one in shown.points if not one.timed]
    if untimed:
        yield Rule(untimed[0].cost, "too soon to time")


def _line(shown: _Shown) -> Iterator[Line]:
    """From each of the line to the next one's cost, and there to that one; from the last to the edge."""
    on_line = _on_line(shown)
    if on_line:
        x = (*(one.cost for one in on_line), shown.x[1])
        y = (*(one.quality for one in on_line), on_line[-1].quality)
        yield Line(f"{_NAME}-{shown.cost.key}-steps", x, y, "better", steps=True)


def _on_line(shown: _Shown) -> list[ParetoPoint]:
    return [one for one in shown.points if one.on_line]


def _groups(shown: _Shown, better: Literal["above", "below"]) -> Iterator[Points]:
    """Names of the line's points choose their places first."""
    points = [*_on_line(shown), *(one for one in shown.points if not one.on_line)]
    placed = list(zip(points, _sides(shown, points, better), strict=True))
    for role, label, on_line in _ROLES:
        group = [(one, side) for one, side in placed if one.on_line == on_line]
        if group:
            yield Points(
                f"{_NAME}-{shown.cost.key}-{'line' if on_line else 'other'}",
                tuple(one.cost for one, _ in group),
                tuple(one.quality for one, _ in group),
                role,
                label,
                tuple(one.name if side else "" for one, side in group),
                tuple(side or "right" for _, side in group),
            )


def _sides(
    shown: _Shown, points: Sequence[ParetoPoint], better: Literal["above", "below"]
) -> list[Side | None]:
    of_line, of_others = _WANTED[better]
    spots = [
        Named(
            *_inches(shown, one.cost, one.quality), one.name, of_line if one.on_line else of_others
        )
        for one in points
    ]
    return sides(spots, Box(0, shown.inches[0], 0, shown.inches[1]), _taken(shown))


def _taken(shown: _Shown) -> Iterator[Box]:
    """What lines cover, and the words at the edge."""
    for line in _line(shown):
        corners = [_inches(shown, x, y) for x, y in zip(line.x, line.y, strict=True)]
        for (left, level), (right, following) in pairwise(corners):
            yield Box(left, right, level - _STROKE, level + _STROKE)
            yield Box(right - _STROKE, right + _STROKE, *sorted((level, following)))
    for rule in _edge(shown):
        left, top = _inches(shown, rule.at, shown.y[0])[0], shown.inches[1]
        yield Box(left, left + 1.2, top - 0.2, top)


def _inches(shown: _Shown, cost: float, quality: float) -> tuple[float, float]:
    """From the panel's lower left corner."""
    (left, right), (low, high) = shown.x, shown.y
    along = math.log(cost / left) / math.log(right / left)
    up = (quality - low) / (high - low)
    return along * shown.inches[0], up * shown.inches[1]


def _told(section: Section, shown: _Shown) -> str:
    on_line = _on_line(shown)
    if not on_line:
        return f"By {shown.cost.told}: no method has a result in every seed."
    ends = dict.fromkeys((on_line[0], on_line[-1]))
    figures = " to ".join(_figures(section, one, shown.cost) for one in ends)
    names = listed(one.name for one in on_line)
    return f"By {shown.cost.told}, nothing cheaper is as good as {names}: {figures}."


def _figures(section: Section, point: ParetoPoint, cost: CostAxis) -> str:
    quality = figure(section.primary, point.quality, section.places(section.primary))
    return f"{quality} for {_amount(point)}{f' {cost.unit}' if point.timed else ''}"


def _amount(point: ParetoPoint) -> str:
    if not point.timed:
        return "too little to time"
    return f"{point.cost:,.0f}" if point.cost >= 100 else f"{point.cost:.3g}"


def _numbers(section: Section, shown: Sequence[_Shown]) -> Grid:
    """In the order of the table; a `*` marks those of the line."""
    places = section.places(section.primary)
    by_name = [{point.name: point for point in one.points} for one in shown]
    rows = []
    for row in costed(section):
        points = [found.get(row.name) for found in by_name]
        mean = figure(section.primary, row.figures[section.primary].estimate.mean, places)
        rows.append(GridRow(short(row.name), (Cell(mean), *map(_cell, points))))
    heads = (
        "method",
        named(section.primary),
        *(f"{one.cost.told}\n{one.cost.unit}" for one in shown),
    )
    title = f"{named(section.primary)} and cost; * marks what nothing cheaper is as good as"
    return Grid(title[0].upper() + title[1:], heads, tuple(rows))


def _cell(point: ParetoPoint | None) -> Cell:
    if point is None:
        return Cell(ABSENT)
    return Cell(_amount(point), "*" if point.on_line else " ")


def _notes(section: Section, shown: Sequence[_Shown], panels: Sequence[Panel]) -> Iterator[str]:
    yield (
        "The line joins what nothing cheaper is as good as. Training counts the base models that a method needs; prediction "
        "is its own work, adaptation included, without its base models' predictions. Costs are means over seeds."
    )
    untimed = dict.fromkeys(one.name for of in shown for one in of.points if not one.timed)
    if untimed:
        yield f"Over too soon to time, at the left edge: {listed(untimed)}."
    unknown = dict.fromkeys(one.model for one in section.from_files)
    if unknown:
        yield (
            f"What {listed(unknown)} cost is not known, since the scores came from a file; methods over them lack it too."
        )
    points = [mark for panel in panels for mark in panel.marks if isinstance(mark, Points)]
    if any(not name for mark in points for name in mark.names):
        yield "Names that found no room stand in the numbers."
