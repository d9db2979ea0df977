"""Figures and cost of runs as dots: a method a line, a run a colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, get_args

from bench.report.charts.model import Axis, Chart, Panel, Points, Role, Scale, nothing_to_draw
from bench.report.words.figures import counted, listed
from bench.report.words.metrics import figure, named
from bench.several.grids import cost_grid, line_name, quality_grid
from bench.several.model import Figures, Group, Line, Place, Several

__all__ = ["cost_chart", "place_charts", "quality_chart"]

_SERIES = [role for role in get_args(Role) if role.startswith("series")]
_MOST_METHODS, _MOST_RUNS = 30, 24
_SPREAD = 0.6  # of a line, which the dots of its runs share
_LINE = 1.6  # rows of text a method, at least
Value = Callable[[Figures], float | None]


class _Shown(NamedTuple):
    """What a panel shows: lines by runs, which stand at `places` of the group."""

    group: Group
    places: tuple[int, ...]
    lines: tuple[Line, ...]
    heads: tuple[str, ...]


def place_charts(several: Several, place: Place) -> Iterator[Chart]:
    """Two for each group of runs that can be compared."""
    for number, group in enumerate(place.groups):
        suffix = f"-{number + 1}" if len(place.groups) > 1 else ""
        yield quality_chart(several, place, group, f"runs{suffix}")
        yield cost_chart(several, group, f"cost{suffix}")


def quality_chart(several: Several, place: Place, group: Group, name: str) -> Chart:
    """Methods and base models; bounds, which would squeeze them, stand in the table."""
    title = f"{named(group.metric)} by run"
    if place.apart:
        title += f": {listed(_heads(several, group))} alone ({place.apart})"
    shown = _shown(several, group, range(len(group.runs)), lambda one: one.mean)
    if not shown:
        return nothing_to_draw(name, title, "No method has a figure.")
    better = "higher" if group.higher_is_better else "lower"
    axis = Axis(f"{named(group.metric)} ({better} is better)", format="loss")
    return Chart(
        name,
        title,
        _alt(
            shown, lambda one: one.mean, lambda value: figure(group.metric, value, group.decimals)
        ),
        tuple(_panels(name, shown, lambda one: one.mean, axis)),
        quality_grid(several, place, group),
        note=_note(group, len(group.runs)),
    )


def cost_chart(several: Several, group: Group, name: str) -> Chart:
    """Of runs on machines alike."""
    title = "CPU seconds in total, by run"
    alike = [place for place, unlike in enumerate(group.unlike) if not unlike]
    grid = cost_grid(several, group)
    shown = _shown(several, group, alike, lambda one: one.total_cpu_s)
    if grid is None or not shown:
        reason = "There are no two runs, on machines alike, whose time was measured."
        return nothing_to_draw(name, title, reason)
    values = [value for one in shown for value in _values(one, lambda one: one.total_cpu_s)]
    scale: Scale = "log" if min(values) > 0 else "linear"
    return Chart(
        name,
        title,
        _alt(shown, lambda one: one.total_cpu_s, lambda value: f"{value:,.1f} s"),
        tuple(_panels(name, shown, lambda one: one.total_cpu_s, Axis("CPU seconds", scale))),
        grid,
        note=_note(group, len(alike)),
    )


def _heads(several: Several, group: Group) -> list[str]:
    return [several.runs[place].head for place in group.runs]


def _shown(several: Several, group: Group, places: Sequence[int], of: Value) -> list[_Shown]:
    """As many runs a panel as there are colours: a run has the same in all charts."""
    drawn = list(places)[:_MOST_RUNS]
    lines = tuple(
        line
        for line in group.lines
        if line.kind != "bound" and any(_value(line, place, of) is not None for place in drawn)
    )[:_MOST_METHODS]
    heads = _heads(several, group)
    if not lines:
        return []
    parts: dict[int, list[int]] = {}
    for place in drawn:
        parts.setdefault(group.runs[place] // len(_SERIES), []).append(place)
    return [
        _Shown(group, tuple(part), lines, tuple(heads[place] for place in part))
        for part in parts.values()
    ]


def _value(line: Line, place: int, of: Value) -> float | None:
    one = line.figures[place]
    return None if one is None else of(one)


def _values(shown: _Shown, of: Value) -> list[float]:
    every = (_value(line, place, of) for line in shown.lines for place in shown.places)
    return [value for value in every if value is not None]


def _panels(name: str, shown: Sequence[_Shown], of: Value, axis: Axis) -> Iterator[Panel]:
    """All on one scale."""
    low, high = _ends([value for one in shown for value in _values(one, of)], axis.scale == "log")
    x = Axis(axis.label, axis.scale, low=low, high=high, format=axis.format)
    for number, one in enumerate(shown):
        names = tuple(map(line_name, one.lines))
        marks = tuple(_dots(f"{name}-{number}", one, of))
        height = max(_LINE, 0.35 * len(one.places)) * len(names) + 1
        yield Panel(x, Axis(scale="names", names=names), marks, height=height)


def _ends(values: Sequence[float], by_factor: bool) -> tuple[float, float]:
    """A little beyond the outermost dots."""
    least, most = min(values), max(values)
    if by_factor:
        room = max(most / least, 1.1) ** 0.04
        return least / room, most * room
    room = 0.04 * (most - least or abs(most) or 1.0)
    return least - room, most + room


def _dots(name: str, shown: _Shown, of: Value) -> Iterator[Points]:
    """Each run a little below the one before, so that figures alike are all seen."""
    count = len(shown.places)
    for number, (place, head) in enumerate(zip(shown.places, shown.heads, strict=True)):
        beside = _SPREAD * ((number + 0.5) / count - 0.5)
        dots = [
            (value, row + beside)
            for row, line in enumerate(shown.lines)
            if (value := _value(line, place, of)) is not None
        ]
        if dots:
            x, y = zip(*dots, strict=True)
            role = _SERIES[shown.group.runs[place] % len(_SERIES)]
            yield Points(f"{name}-run-{number}", x, y, role, label=head)


def _alt(shown: Sequence[_Shown], of: Value, told: Callable[[float], str]) -> str:
    """The first method's figure in each run; the table has the others."""
    line = shown[0].lines[0]
    figures = [
        f"{head} {told(value)}"
        for one in shown
        for place, head in zip(one.places, one.heads, strict=True)
        if (value := _value(line, place, of)) is not None
    ]
    runs = sum(len(one.places) for one in shown)
    return (
        f"{counted(len(shown[0].lines), 'method')} in {counted(runs, 'run')}, a dot each. {line_name(line)}: "
        f"{listed(figures)}."
    )


def _note(group: Group, runs: int) -> str:
    methods = sum(line.kind != "bound" for line in group.lines)
    parts = []
    if runs > _MOST_RUNS:
        parts.append(f"The first {_MOST_RUNS} of {runs} runs are drawn.")
    if methods > _MOST_METHODS:
        parts.append(f"The first {_MOST_METHODS} of {methods} methods are drawn.")
    return " ".join([*parts, "The table has all."] if parts else [])
