"""What quality costs: the primary against training and prediction time, and the line of those that nothing cheaper beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.report.charts.model import Chart, nothing_to_draw
from bench.report.charts.pareto_key import key_panels
from bench.report.charts.pareto_panel import ParetoPanel, on_line, pareto_panel, pareto_panels
from bench.report.charts.pareto_points import COSTS, CostAxis, ParetoPoint, costed, pareto_points
from bench.report.content.model import Section
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow
from bench.report.words.figures import listed
from bench.report.words.metrics import figure, named
from bench.report.words.names import short

__all__ = ["pareto"]

_NAME = "pareto"


def pareto(section: Section) -> Chart:
    """Two panels, of training and of prediction; methods and base models alone, since bounds have no cost."""
    title = f"{named(section.primary)} against cost"
    found = [(cost, pareto_points(section, cost)) for cost in COSTS]
    if not section.one_machine:
        return nothing_to_draw(_NAME, title, "Costs are of more than one kind of machine.")
    told = [(cost, points) for cost, points in found if any(one.timed for one in points)]
    if not told:
        return nothing_to_draw(_NAME, title, "No cost of a method with a result is known.")
    shown = pareto_panels(told)
    panels, keys = zip(*(pareto_panel(section, one) for one in shown), strict=True)
    key = key_panels(keys, shown[0].inches[0])
    return Chart(
        _NAME,
        title[0].upper() + title[1:],
        " ".join(_told(section, one) for one in shown),
        (*panels, *key),
        _numbers(section, shown),
        note=" ".join(_notes(section, shown, keys)),
        columns=len(shown),
        wide=True,
    )


def _told(section: Section, shown: ParetoPanel) -> str:
    joined = on_line(shown)
    if not joined:
        return f"By {shown.cost.told}: no method whose cost is known has a result in every seed."
    ends = dict.fromkeys((joined[0], joined[-1]))
    figures = " to ".join(_figures(section, one, shown.cost) for one in ends)
    names = listed(one.name for one in joined)
    lacking = any(not row.figures[section.primary].estimate.complete for row in costed(section))
    among = " with a result in every seed" if lacking else ""
    return f"By {shown.cost.told}, nothing cheaper{among} is as good as {names}: {figures}."


def _figures(section: Section, point: ParetoPoint, cost: CostAxis) -> str:
    quality = figure(section.primary, point.quality, section.places(section.primary))
    return f"{quality} for {_amount(point)}{f' {cost.unit}' if point.timed else ''}"


def _amount(point: ParetoPoint) -> str:
    if not point.timed:
        return "too little to time"
    return f"{point.cost:,.0f}" if point.cost >= 100 else f"{point.cost:.3g}"


def _numbers(section: Section, shown: Sequence[ParetoPanel]) -> Grid:
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


def _notes(
    section: Section,
    shown: Sequence[ParetoPanel],
    keys: Sequence[Sequence[Sequence[str]]],
) -> Iterator[str]:
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
    numbered = [names for key in keys for names in key]
    if numbered:
        yield "A number is the method that stands beside it below."
    if any(len(names) > 1 for names in numbered):
        yield "Points that touch share a number; their methods stand below cheapest first, and of one cost best first."
