"""The table that a suite is run for: which method, by how much, and is it real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.evaluate import Paired, printed
from bench.report.content.model import Figure, Report, Row, Section
from bench.report.sections.reference import itself
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align
from bench.report.words.figures import loss, with_interval
from bench.report.words.metrics import figure, head
from bench.report.words.names import short

__all__ = [
    "against",
    "against_reference",
    "is_best_single",
    "quality_grid",
    "row_name",
    "without_twin",
]

AGAINST = "vs best single"
_HEAD = 20  # cells of a name in a head
VALIDATION = "valid.\nlog loss"
_MARKS = {"best": "*", "tie": "=", None: ""}


def quality_grid(report: Report, section: Section) -> Grid:
    """Metrics by row, the answer's first; methods, base models and best-single, bounds, each below a rule. Best-single is the
    row of its base model, where that has one."""
    shown = without_twin(section.rows)
    heads, columns = zip(*_columns(report, section, shown), strict=True)
    rows = [
        GridRow(
            f"{row_name(row)} = best-single" if is_best_single(section, row) else row_name(row),
            tuple(column[position] for column in columns),
            group="bound" if row.kind == "bound" else "ranked",
            rule=position > 0 and _block(row) != _block(shown[position - 1]),
        )
        for position, row in enumerate(shown)
    ]
    seeds = len(report.seeds)
    what = f"mean ± sample sd over {seeds} seeds" if seeds > 1 else "one seed, so no sd"
    return Grid(f"Quality on test users' query rows ({what})", ("method", *heads), tuple(rows))


def without_twin(rows: Sequence[Row]) -> list[Row]:
    """Without best-single where its base model has a row, which has the same figures."""
    models = {row.name for row in rows if row.kind == "base_model"}
    return [row for row in rows if row.kind != "best_single" or row.model not in models]


def is_best_single(section: Section, row: Row) -> bool:
    """Whether it is the row of the base model that is best-single."""
    singles = [one.model for one in section.rows if one.kind == "best_single"]
    return row.kind == "base_model" and row.name in singles


def row_name(row: Row) -> str:
    """A method's name; best-single says which model it is, a bound that it is one."""
    if row.kind == "bound":
        return f"{short(row.name)} (bound)"
    return f"{row.name} = {short(row.model)}" if row.model is not None else short(row.name)


def _mean_sd(figures: Sequence[Figure], metric: str, places: int) -> list[Cell]:
    """`mean ±sd` aligned on the point, with its mark."""
    means = align(
        [figure(metric, f.estimate.mean, places) for f in figures],
        places,
    )
    sds = [
        ""
        if f.estimate.sd is None
        else f" ±{printed(metric, f.estimate.sd, places).removeprefix('+')}"
        for f in figures
    ]
    width = max(map(len, sds), default=0)
    marks = [_mark(one) for one in figures]
    slot = " " if any(marks) else ""
    return [
        Cell(mean + sd.ljust(width), mark or slot)
        for mean, sd, mark in zip(means, sds, marks, strict=True)
    ]


def _columns(
    report: Report, section: Section, rows: Sequence[Row]
) -> Iterator[tuple[str, list[Cell]]]:
    """Head and cells: the primary with its differences, what models were chosen by, then the other metrics."""
    if section.primary not in report.metrics:
        yield from (*against_reference(section, rows), *_validation(section, rows))
    for metric in report.metrics:
        figures = [row.figures[metric] for row in rows]
        yield head(metric), _mean_sd(figures, metric, section.places(metric))
        if metric == section.primary:
            yield from (*against_reference(section, rows), *_validation(section, rows))


def _validation(section: Section, rows: Sequence[Row]) -> Iterator[tuple[str, list[Cell]]]:
    losses = [row.validation.mean if row.validation is not None else None for row in rows]
    if any(value is not None for value in losses):
        places = section.places("logloss")
        texts = align([loss(value, places) for value in losses], places)
        shown = ["" if row.kind == "bound" else text for row, text in zip(rows, texts, strict=True)]
        yield VALIDATION, [Cell(text) for text in shown]


def against_reference(section: Section, rows: Sequence[Row]) -> Iterator[tuple[str, list[Cell]]]:
    """Columns of differences with their intervals, and of verdicts; none without an analysis."""
    found = [section.analysed(row) for row in rows]
    pairs = [section.pair(row) for row in rows]
    is_reference = [one is not None and one.name == section.reference for one in found]
    if not any(pairs):
        return
    texts = [
        itself(section) if is_it else _difference(pair, section.places(section.primary))
        for pair, is_it in zip(pairs, is_reference, strict=True)
    ]
    yield f"{against(section)}\n[95% interval]", [Cell(text) for text in texts]
    verdicts = [
        "" if is_it or pair is None else pair.verdict
        for pair, is_it in zip(pairs, is_reference, strict=True)
    ]
    width = max(map(len, verdicts))
    yield "verdict", [Cell(verdict.ljust(width)) for verdict in verdicts]


def against(section: Section) -> str:
    """Head of the column of differences."""
    chosen = section.analysis.chosen if section.analysis is not None else None
    return AGAINST if chosen is None else f"vs {short(chosen, _HEAD)}"


def _difference(paired: Paired | None, places: int) -> str:
    if paired is None:
        return ""
    if paired.difference is None:
        return ABSENT
    return with_interval(paired.difference, paired.low, paired.high, places)


def _block(row: Row) -> str:
    return "base_model" if row.kind == "best_single" else row.kind


def _mark(one: Figure) -> str:
    return "!" if 0 < one.estimate.defined < len(one.estimate.values) else _MARKS[one.mark]
