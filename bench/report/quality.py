"""The table that a suite is run for: which method, by how much, and is it real."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bench.evaluate import printed
from bench.report.blocks import ABSENT, Cell, Grid, GridRow, Note, align
from bench.report.model import Figure, Report, Row, Section
from bench.report.names import short

__all__ = ["quality_grid", "quality_notes", "row_name"]

_HEADS = {"logloss": "log loss", "auc": "AUC", "relaimpr": "RelaImpr %", "gauc": "GAUC"}
_MARKS = {"best": "*", "tie": "=", None: ""}


def quality_grid(report: Report, section: Section) -> Grid:
    """Metrics by row; methods, base models and best-single, bounds, each below a rule."""
    columns = [_column([row.figures[metric] for row in section.rows], metric) for metric in report.metrics]
    rows = [
        GridRow(
            row_name(row),
            tuple(column[position] for column in columns),
            group="bound" if row.kind == "bound" else "ranked",
            rule=position > 0 and _block(row) != _block(section.rows[position - 1]),
        )
        for position, row in enumerate(section.rows)
    ]
    seeds = len(report.seeds)
    what = f"mean ± sample sd over {seeds} seeds" if seeds > 1 else "one seed, so no sd"
    heads = tuple(_HEADS.get(metric, short(metric)) for metric in report.metrics)
    return Grid(f"Quality on test users' query ({what})", ("method", *heads), tuple(rows))


def quality_notes(report: Report, section: Section) -> list[Note]:
    """What the marks mean, and why a figure is missing."""
    marks = {figure.mark for row in section.rows for figure in row.figures.values()}
    notes = []
    if "best" in marks:
        notes.append("* best mean of methods and base models" + (f"; {_tie(report)}" if "tie" in marks else "") + ".")
    if any(row.kind == "bound" for row in section.rows):
        notes.append("Bounds read the test labels and are never ranked.")
    if "relaimpr" in report.metrics:
        notes.append(f"RelaImpr: AUC above .5, relative to that of {_base(report, section)}.")
    return [Note(" ".join(notes)), *_gaps(report, section)] if notes else _gaps(report, section)


def row_name(row: Row) -> str:
    """A method's name; best-single says which model it is, a bound that it is one."""
    if row.kind == "bound":
        return f"{short(row.name)} (bound)"
    return f"{row.name} = {short(row.model)}" if row.model is not None else short(row.name)


def _block(row: Row) -> str:
    return "base_model" if row.kind == "best_single" else row.kind


def _column(figures: Sequence[Figure], metric: str) -> list[Cell]:
    """`mean ±sd` aligned on the point."""
    means = align(
        [ABSENT if f.estimate.mean is None else printed(metric, f.estimate.mean) for f in figures], _decimals(metric)
    )
    sds = ["" if f.estimate.sd is None else f" ±{printed(metric, f.estimate.sd).removeprefix('+')}" for f in figures]
    width = max(map(len, sds), default=0)
    marks = [_mark(figure) for figure in figures]
    slot = " " if any(marks) else ""
    return [Cell(mean + sd.ljust(width), mark or slot) for mean, sd, mark in zip(means, sds, marks, strict=True)]


def _decimals(metric: str) -> int:
    return len(printed(metric, 0.0).partition(".")[2])


def _mark(figure: Figure) -> str:
    return "!" if 0 < figure.estimate.defined < len(figure.estimate.values) else _MARKS[figure.mark]


def _tie(report: Report) -> str:
    if len(report.seeds) < 2:
        return "= ties with it, the printed figure is the same"
    return "= ties with it: the printed figure is the same, or the differences seed by seed do not all have one sign"


def _base(report: Report, section: Section) -> str:
    named = next((row for row in section.rows if row.name == report.relaimpr_base), None)
    if named is None:
        return f"{short(report.relaimpr_base)} (which is not there)"
    return short(named.name) if named.model is None else f"{named.name} ({short(named.model)}) in the same seed"


def _gaps(report: Report, section: Section) -> list[Note]:
    """One note for figures that are undefined for one reason in equally many seeds."""
    gaps: dict[tuple[str, int], tuple[dict[str, None], dict[str, None]]] = defaultdict(lambda: ({}, {}))
    for row in section.rows:
        for metric, figure in row.figures.items():
            if not figure.estimate.complete:
                names, metrics = gaps[figure.estimate.reason, figure.estimate.defined]
                names[row_name(row)] = metrics[_HEADS.get(metric, short(metric)).removesuffix(" %")] = None
    seeds = len(report.seeds)
    return [
        Note(
            f"{'!' if defined else ABSENT} {', '.join(metrics)} of {', '.join(names)}: {defined} of {seeds} seeds; {reason}."
        )
        for (reason, defined), (names, metrics) in gaps.items()
    ]
