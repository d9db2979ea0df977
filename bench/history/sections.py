"""A history in words and tables: lines with changes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.history.figures import decimals, quantity_name, shown
from bench.history.model import Change, History, Series
from bench.history.places import best_now, by_place, place_name
from bench.report import Block, Cell, Grid, GridRow, Heading, Note, align, short
from bench.report.words.blocks import Lines
from bench.report.words.figures import counted, listed
from bench.several.readable import left_out_notes

__all__ = [
    "CACHED",
    "blocks",
    "break_lines",
    "cached_lines",
    "change_lines",
    "change_word",
    "last",
    "lead",
    "series_grid",
]

_ROWS, _LINES = 30, 40  # of a place; --json has all
_PLACES = 3  # that the answer tells of
CACHED = "c"  # mark of a cost that was not measured in its run


def blocks(found: History) -> Iterator[Block]:
    """From top to bottom, for a terminal."""
    yield from lead(found)
    for place, series in by_place(found).items():
        yield Heading(2, place_name(found, place))
        yield series_grid(found, series)
        if lines := (
            *change_lines(found, series),
            *break_lines(found, series),
            *cached_lines(series),
        ):
            yield Lines(_first(lines))
    yield from last(found)


def lead(found: History) -> Iterator[Block]:
    """How many runs, since when, and the answer: what changed, and what is best now."""
    yield Heading(1, f"History of {counted(len(found.runs), 'run')}")
    if nothing := _nothing_to_follow(found):
        yield Note(
            "Each line has one run: nothing to follow yet; a line goes on where data, split, metrics, seeds, settings, base "
            "models and machine stay the same.",
            strong=True,
        )
    first, latest = found.started[0][:16], found.started[-1][:16]
    if first and latest:
        yield Note(f"Started {short(first)} to {short(latest)}.")
    yield from left_out_notes(found.unreadable)
    if not found.series:
        yield Note("No run has a figure of every seed.", strong=True)
    if found.looked and not nothing:
        changed = sum(bool(one.changes) for one in found.series)
        yield Note(f"{counted(changed, 'line')} of {len(found.series):,} changed.", strong=True)
    places = by_place(found)
    for place, series in list(places.items())[:_PLACES]:
        if best := best_now(found, series):
            yield Note(f"{place_name(found, place)}: {best}.", strong=True)
    if len(places) > _PLACES:
        yield Note(f"And {len(places) - _PLACES} more below.")


def _nothing_to_follow(found: History) -> bool:
    """Whether there are lines, and none is joined anywhere."""
    return bool(found.series) and all(
        len(piece) < 2 for one in found.series for piece in one.pieces
    )


def last(found: History) -> Iterator[Note]:
    """What has to be known of how lines and changes were made."""
    if found.left_out:
        yield Note(
            f"{counted(found.left_out, 'figure')} left out: a seed of the run lacks a value, and a mean over fewer seeds is "
            "another figure."
        )
    yield from map(Note, found.notes)


def series_grid(found: History, series: Sequence[Series]) -> Grid:
    """A row a line: its first and latest figure, and its latest change."""
    rows = list(series[:_ROWS])
    title = "Lines, those that changed first" if any(one.changes for one in series) else "Lines"
    if len(series) > _ROWS:
        title += f" ({_ROWS} of {len(series)}; --json has all)"
    columns = [
        ("runs", align([str(len(one.points)) for one in rows], 0)),
        ("first", [_figure(one, one.points[0].value) for one in rows]),
        ("latest", [_figure(one, one.points[-1].value) for one in rows]),
        ("latest change", [_latest(found, one) for one in rows]),
    ]
    cached = any(not one.points[-1].measured for one in rows)
    return Grid(
        title,
        ("method, quantity", *(head for head, _ in columns)),
        tuple(
            GridRow(
                _name(one), tuple(_cell(head, cells[place], one, cached) for head, cells in columns)
            )
            for place, one in enumerate(rows)
        ),
    )


def _cell(head: str, text: str, one: Series, cached: bool) -> Cell:
    """A mark behind what is latest and was not measured then."""
    if head != "latest" or not cached:
        return Cell(text)
    return Cell(text, " " if one.points[-1].measured else CACHED)


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


def cached_lines(series: Sequence[Series]) -> Iterator[str]:
    """How many costs a run took over from an earlier one."""
    if cached := sum(not point.measured for one in series for point in one.points):
        yield f"{CACHED}: {counted(cached, 'cost')} of an earlier run, which measured them: their steps came from the cache"


def _first(lines: Sequence[str]) -> tuple[str, ...]:
    more = [f"and {len(lines) - _LINES} more; --json has all"] if len(lines) > _LINES else []
    return (*lines[:_LINES], *more)
