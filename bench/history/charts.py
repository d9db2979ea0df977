"""A line a method over runs; its change points and breaks marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from bench.history.figures import decimals, quantity_name, shown
from bench.history.model import CPU, MEMORY, History, Point, Series
from bench.history.sections import CACHED, break_lines, change_lines, change_word
from bench.report import Cell, Grid, GridRow, align, short
from bench.report.charts.model import Axis, Chart, Line, Mark, Panel, Points, Role, Rule, Side
from bench.report.draw.folder import folder_of
from bench.report.words.blocks import ABSENT
from bench.report.words.figures import counted, listed

__all__ = ["place_charts"]

_SERIES = [role for role in get_args(Role) if role.startswith("series")]
_COSTS = {CPU: "cpu", MEMORY: "memory"}
_SAID = 5  # changes or breaks told below a chart; the text has all
_HEIGHT = 16.0
_SIDE: tuple[Side, ...] = ("above left",)  # of a change's size: where the line before does not run
_APART = 20.0
_METHODS = 40  # columns of the numbers; --json has all


def place_charts(found: History, series: Sequence[Series]) -> Iterator[Chart]:
    """One a quantity; `series`: of one suite, dataset and protocol."""
    for quantity in dict.fromkeys(_quantities(series)):
        of_it = [one for one in series if one.quantity == quantity]
        yield _chart(found, of_it, _file_name(quantity))


def _file_name(quantity: str) -> str:
    """What it shows, whatever else is shown: a metric may have any name."""
    return f"cost-{_COSTS[quantity]}" if quantity in _COSTS else f"metric-{folder_of(quantity)}"


def _quantities(series: Sequence[Series]) -> list[str]:
    """Metrics before cost, whatever changed."""
    return sorted((one.quantity for one in series), key=lambda name: name in (CPU, MEMORY))


def _chart(found: History, series: Sequence[Series], name: str) -> Chart:
    drawn = _drawn(found, series)
    title = quantity_name(series[0].quantity)
    marks = [*_lines(name, drawn), *_changes(name, drawn), *_breaks(drawn)]
    x = Axis(
        "run, by when it was started (1 is the first)",
        low=0.5,
        high=len(found.runs) + 0.5,
        format="count",
    )
    return Chart(
        name,
        f"{title} over runs",
        _alt(found, drawn, title),
        (Panel(x, _axis(series[0], title, drawn), tuple(marks), height=_HEIGHT),),
        _numbers(found, series),
        note=_note(found, drawn, len(series)),
    )


def _axis(one: Series, title: str, drawn: Sequence[Series]) -> Axis:
    """Logarithmic for costs so far apart that the lesser would lie on the axis."""
    values = [point.value for line in drawn for point in line.points]
    cost = one.quantity in (CPU, MEMORY)
    apart = cost and min(values) > 0 and max(values) > _APART * min(values)
    better = "higher" if one.higher_is_better else "lower"
    label = title if one.higher_is_better is None else f"{title} ({better} is better)"
    return Axis(label, "log" if apart else "linear", format="plain" if cost else "loss")


def _drawn(found: History, series: Sequence[Series]) -> list[Series]:
    """The lead, the best single model, and what changed: as many as there are colours."""
    place = series[0].suite, series[0].dataset, series[0].protocol
    leads = found.leads.get(place, ())
    by_name = {one.method: one for one in series}
    wanted = [*leads, *(one.method for one in series if one.changes)]
    kept = [by_name[name] for name in dict.fromkeys(wanted) if name in by_name]
    return (kept or list(series))[: len(_SERIES)]


def _lines(name: str, drawn: Sequence[Series]) -> Iterator[Mark]:
    """Joined between breaks alone."""
    for number, one in enumerate(drawn):
        for part, piece in enumerate(one.pieces):
            x = tuple(float(point.run + 1) for point in piece)
            y = tuple(point.value for point in piece)
            yield Line(f"{name}-join-{number}-{part}", x, y, _SERIES[number])
            label = one.method if part == 0 else ""
            yield from _dots(f"{number}-{part}", name, piece, _SERIES[number], label)


def _dots(part: str, name: str, piece: Sequence[Point], role: Role, label: str) -> Iterator[Points]:
    """Hollow what was not measured in its run. A piece begins with what was, unless a break came between."""
    for measured, key in ((True, "run"), (False, "cached")):
        points = [point for point in piece if point.measured is measured]
        if points:
            x = tuple(float(point.run + 1) for point in points)
            y = tuple(point.value for point in points)
            yield Points(f"{name}-{key}-{part}", x, y, role, label, hollow=not measured)
            label = ""


def _changes(name: str, drawn: Sequence[Series]) -> Iterator[Mark]:
    """On the first run that is other; with its size, where those do not hide one another."""
    few = sum(len(one.changes) for one in drawn) <= _SAID
    for number, one in enumerate(drawn):
        values = {point.run: point.value for point in one.points}
        if one.changes:
            yield Points(
                f"{name}-change-{number}",
                tuple(float(change.run + 1) for change in one.changes),
                tuple(values[change.run] for change in one.changes),
                "reference",
                label="a change",
                names=tuple(map(change_word, one.changes)) if few else (),
                sides=_SIDE * len(one.changes) if few else (),
            )


def _breaks(drawn: Sequence[Series]) -> Iterator[Rule]:
    """Between two runs; the note says what changed."""
    for run in sorted({cut.run for one in drawn for cut in one.breaks}):
        yield Rule(run + 0.5)


def _alt(found: History, drawn: Sequence[Series], title: str) -> str:
    ends = [
        f"{short(one.method, 25)} from {shown(one.quantity, one.points[0].value, decimals(one))} to "
        f"{shown(one.quantity, one.points[-1].value, decimals(one))}{'' if one.points[-1].measured else ' (cached)'}"
        for one in drawn
    ]
    changes = list(change_lines(found, drawn))
    told = f" {'; '.join(changes[:_SAID])}." if changes else ""
    return f"{title} over {counted(len(found.runs), 'run')}: {listed(ends)}.{told}"


def _note(found: History, drawn: Sequence[Series], every: int) -> str:
    lines = list(break_lines(found, drawn))
    more = [f"and {len(lines) - _SAID} more breaks"] if len(lines) > _SAID else []
    told = [f"Dashed: {'; '.join([*lines[:_SAID], *more])}."] if lines else []
    part = [
        f"{len(drawn)} of {every} methods are drawn: the lead, the best single model, what changed."
    ]
    if any(not point.measured for one in drawn for point in one.points):
        told.append("Hollow: measured in an earlier run; the step came from the cache.")
    return " ".join([*(part if len(drawn) < every else []), *told])


def _numbers(found: History, series: Sequence[Series]) -> Grid:
    """A row a run."""
    columns = [_column(found, one) for one in series[:_METHODS]]
    heads = ("run", *(short(one.method, 24) for one in series[:_METHODS]))
    rows = tuple(
        GridRow(f"{place + 1}: {short(name)}", tuple(column[place] for column in columns))
        for place, name in enumerate(found.runs)
    )
    part = f" ({_METHODS} of {len(series)} methods)" if len(series) > _METHODS else ""
    return Grid(f"{quantity_name(series[0].quantity)} by run{part}", heads, rows)


def _column(found: History, one: Series) -> list[Cell]:
    values = {point.run: point.value for point in one.points}
    cached = {point.run for point in one.points if not point.measured}
    places = decimals(one)
    texts = [
        shown(one.quantity, values[run], places) if run in values else ABSENT
        for run in range(len(found.runs))
    ]
    slot = " " if cached else ""
    return [
        Cell(text, CACHED if run in cached else slot)
        for run, text in enumerate(align(texts, places))
    ]
