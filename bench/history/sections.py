"""A history in words and tables: lines with changes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.history.figures import decimals, quantity_name, shown
from bench.history.model import Change, History, Series
from bench.report import Block, Cell, Grid, GridRow, Heading, Note, align, short
from bench.report.words.blocks import Lines
from bench.report.words.figures import counted, listed

__all__ = [
    "blocks",
    "break_lines",
    "by_place",
    "change_lines",
    "change_word",
    "lead",
    "place_name",
    "series_grid",
]

_ROWS, _LINES = 30, 40  # of a place; --json has all
Place = tuple[str, str, str]  # suite, dataset, protocol


def blocks(found: History) -> Iterator[Block]:
    """From top to bottom, for a terminal."""
    yield from lead(found)
    for place, series in by_place(found).items():
        yield Heading(2, place_name(found, place))
        yield series_grid(found, series)
        if lines := (*change_lines(found, series), *break_lines(found, series)):
            yield Lines(_first(lines))


def lead(found: History) -> Iterator[Block]:
    """How many runs, since when, what was found, what has to be known."""
    yield Heading(1, f"History of {counted(len(found.runs), 'run')}")
    first, last = found.started[0][:16], found.started[-1][:16]
    if first and last:
        yield Note(f"Started {short(first)} to {short(last)}.")
    if not found.series:
        yield Note("No run has a figure of every seed.", strong=True)
    if found.looked:
        changed = sum(bool(one.changes) for one in found.series)
        yield Note(f"{counted(changed, 'line')} of {len(found.series):,} changed.", strong=True)
    yield from map(Note, found.notes)
    if found.left_out:
        yield Note(
            f"{counted(found.left_out, 'figure')} left out: a seed of the run lacks a value, and a mean over fewer seeds is "
            "another figure."
        )


def by_place(found: History) -> dict[Place, list[Series]]:
    """Series of each suite, dataset and protocol, those with changes first."""
    places: dict[Place, list[Series]] = {}
    for one in found.series:
        places.setdefault((one.suite, one.dataset, one.protocol), []).append(one)
    return {place: sorted(ones, key=lambda one: not one.changes) for place, ones in places.items()}


def place_name(found: History, place: Place) -> str:
    """With its suite, where there are several."""
    suites = {one.suite for one in found.series}
    return " / ".join(map(short, place if len(suites) > 1 else place[1:]))


def series_grid(found: History, series: Sequence[Series]) -> Grid:
    """A row a line: its first and latest figure, and its latest change."""
    rows = list(series[:_ROWS])
    title = "Lines, those that changed first"
    if len(series) > _ROWS:
        title += f" ({_ROWS} of {len(series)}; --json has all)"
    columns = [
        ("runs", align([str(len(one.points)) for one in rows], 0)),
        ("first", [_figure(one, one.points[0].value) for one in rows]),
        ("latest", [_figure(one, one.points[-1].value) for one in rows]),
        ("latest change", [_latest(found, one) for one in rows]),
    ]
    return Grid(
        title,
        ("method, quantity", *(head for head, _ in columns)),
        tuple(
            GridRow(_name(one), tuple(Cell(cells[place]) for _, cells in columns))
            for place, one in enumerate(rows)
        ),
    )


def _name(one: Series) -> str:
    return f"{short(one.method, 26)}, {quantity_name(one.quantity)}"


def _figure(one: Series, value: float) -> str:
    return shown(one.quantity, value, decimals(one))


def _latest(found: History, one: Series) -> str:
    if not one.changes:
        return ""
    change = one.changes[-1]
    return f"{change_word(change)} at {short(found.runs[change.run], 16)}"


def change_word(change: Change) -> str:
    """`+3.1%`; in digits of its own where there is nothing to be a part of."""
    if change.share is None:
        return f"{change.after - change.before:+.3g}"
    return f"{change.share:+.1%}" if abs(change.share) >= 0.0005 else f"{change.share:+.0e}"


def change_lines(found: History, series: Sequence[Series]) -> Iterator[str]:
    for one in series:
        for change in one.changes:
            before, after = _figure(one, change.before), _figure(one, change.after)
            yield (
                f"{_name(one)}: change at {short(found.runs[change.run])}: {change_word(change)}, "
                f"{before} to {after}{_judged(one, change)}"
            )


def _judged(one: Series, change: Change) -> str:
    if one.higher_is_better is None or change.after == change.before:
        return ""
    return " (better)" if (change.after > change.before) == one.higher_is_better else " (worse)"


def break_lines(found: History, series: Sequence[Series]) -> Iterator[str]:
    """Methods and quantities of one break together."""
    alike: dict[tuple[int, str], dict[str, None]] = {}
    for one in series:
        for cut in one.breaks:
            alike.setdefault((cut.run, cut.why), {})[one.method] = None
    for (run, why), methods in sorted(alike.items()):
        yield f"not comparable across {short(found.runs[run])}: {short(why, 120)} ({listed(methods, 3)})"


def _first(lines: Sequence[str]) -> tuple[str, ...]:
    more = [f"and {len(lines) - _LINES} more; --json has all"] if len(lines) > _LINES else []
    return (*lines[:_LINES], *more)
