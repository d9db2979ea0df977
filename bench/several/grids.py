"""The tables of figures: a row a method, a column a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bench.evaluate import printed
from bench.report import Cell, Grid, GridRow, align, short
from bench.report.words.blocks import ABSENT, fixed
from bench.report.words.figures import listed, signed
from bench.report.words.metrics import best_word, figure, named
from bench.several.model import Figures, Group, Line, Place, Several

__all__ = ["cost_grid", "line_name", "quality_grid"]

Column = tuple[str, list[Cell]]


def quality_grid(several: Several, place: Place, group: Group) -> Grid:
    """Means with their spread, a run a column, then differences from the group's first run."""
    heads = [several.runs[one].head for one in group.runs]
    columns = [*_means(heads, group), *_differences(heads, group)]
    return _grid(_title(heads, place, group), group.lines, columns)


def _title(heads: Sequence[str], place: Place, group: Group) -> str:
    better = best_word(group.higher_is_better)
    what = (
        f"{named(group.metric)} on test users' query rows, mean ± sd over seeds ({better} is best)"
    )
    if not place.apart:
        return what
    return f"{what}: {listed(heads)} alone, not comparable with the other runs: {place.apart}"


def _means(heads: Sequence[str], group: Group) -> Iterator[Column]:
    for head, figures in zip(
        heads, zip(*(line.figures for line in group.lines), strict=True), strict=False
    ):
        yield head, _mean_sd(figures, group)


def _mean_sd(figures: Sequence[Figures | None], group: Group) -> list[Cell]:
    """`mean ±sd`, aligned on the point, with its mark."""
    places = group.decimals
    means = align(
        [ABSENT if one is None else figure(group.metric, one.mean, places) for one in figures],
        places,
    )
    sds = [
        ""
        if one is None or one.sd is None
        else f" ±{printed(group.metric, one.sd, places).removeprefix('+')}"
        for one in figures
    ]
    width = max(map(len, sds), default=0)
    marks = ["" if one is None else one.mark for one in figures]
    slot = " " if any(marks) else ""
    return [
        Cell(mean + sd.ljust(width), mark or slot)
        for mean, sd, mark in zip(means, sds, marks, strict=True)
    ]


def _differences(heads: Sequence[str], group: Group) -> Iterator[Column]:
    for place, head in list(enumerate(heads))[1:]:
        of_run = [line.figures[place] for line in group.lines]
        changes = [None if one is None else one.difference for one in of_run]
        yield f"{head}\n- {heads[0]}", [Cell(_change(value, group.decimals)) for value in changes]


def _change(value: float | None, places: int) -> str:
    """One too small for the table's decimals is told by its size."""
    if value is None:
        return ABSENT
    if value and not round(value, places):
        return f"{value:+.0e}"
    return signed(value, places)


def cost_grid(several: Several, group: Group) -> Grid | None:
    """CPU seconds of runs on machines alike; None where runs can be compared, but none on a machine like the first one's."""
    alike = [place for place, unlike in enumerate(group.unlike) if not unlike]
    lines = [line for line in group.lines if any(map(_timed, line.figures))]
    if len(alike) < min(2, len(group.runs)) or not lines:
        return None
    columns = [
        (several.runs[group.runs[place]].head, _column(lines, place, lambda one: one.total_cpu_s))
        for place in alike
    ]
    return _grid(
        "CPU seconds in total, as if nothing had been shared (means over seeds)", lines, columns
    )


def _timed(one: Figures | None) -> bool:
    return one is not None and one.total_cpu_s is not None


def _column(lines: Sequence[Line], place: int, of: Callable[[Figures], float | None]) -> list[Cell]:
    figures = [line.figures[place] for line in lines]
    texts = [fixed(None if one is None else of(one), 1) for one in figures]
    return [Cell(text) for text in align(texts, 1)]


def _grid(title: str, lines: Sequence[Line], columns: Sequence[Column]) -> Grid:
    rows = tuple(
        GridRow(
            line_name(line),
            tuple(cells[place] for _, cells in columns),
            group="bound" if line.kind == "bound" else "ranked",
            rule=place > 0 and line.kind != lines[place - 1].kind,
        )
        for place, line in enumerate(lines)
    )
    return Grid(title, ("method", *(head for head, _ in columns)), rows)


def line_name(line: Line) -> str:
    return f"{short(line.name)} (bound)" if line.kind == "bound" else short(line.name)
