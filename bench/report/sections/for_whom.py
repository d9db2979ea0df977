"""For whom: the log loss of a few methods on users and items of different kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bench.evaluate import Segment
from bench.report.content.model import Row, Section
from bench.report.sections.quality import row_name
from bench.report.sections.too_many import HOLM_BY_GROUP, too_many_by_group
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Note, align
from bench.report.words.figures import counted, loss
from bench.report.words.metrics import gain
from bench.report.words.names import short

__all__ = ["segments", "shown"]

_MOST = 5  # rows of a table, best-single not counted
_TITLES = {
    "history": "users by the length of their support",
    "support_rate": "users by the share of positives in their support",
    "popularity": "items by how many of their rows base models were fitted on",
}
_MARKS = {
    "better": "+",
    "worse": "-",
    "tie": "~",
    "withheld": "?",
}  # "=" is a tie with the best method


def segments(section: Section) -> Iterator[Block]:
    """A table for each way to divide rows."""
    if section.analysis is None:
        return
    rows = shown(section)
    marks: set[str] = set()
    for by, title in _TITLES.items():
        parts = [segment for segment in section.analysis.segments if segment.by == by]
        if parts and rows:
            grid = _grid(f"For whom (log loss): {title}", parts, rows, section)
            marks |= {cell.mark.strip() for row in grid.rows for cell in row.cells}
            yield grid
    if section.analysis.segments and rows:
        told = (*_chosen(section), _legend(marks), too_many_by_group(section))
        yield Note(" ".join(filter(None, told)))


def shown(section: Section) -> list[Row]:
    """The lead, what ties with it, the next best, as many as fit; best-single last. JSON has all."""
    assert section.analysis is not None

    def rank(row: Row) -> tuple[bool, bool, float]:
        figure = row.figures[section.primary]
        mean = figure.estimate.mean
        behind = float("inf") if mean is None else -gain(mean, section.higher_is_better)
        return row.name != _lead(section), figure.mark is None, behind

    others = sorted(_candidates(section), key=rank)
    single = [
        row
        for row in section.rows
        if row.kind == "best_single" and section.analysed(row) is not None
    ]
    return [*others[:_MOST], *single]


def _candidates(section: Section) -> list[Row]:
    """Methods and base models that were analysed, best-single not among them."""
    ranked = [
        row
        for row in section.rows
        if row.kind in ("method", "base_model") and section.primary in row.figures
    ]
    single = section.analysis.best_single if section.analysis is not None else None
    return [row for row in ranked if section.analysed(row) is not None and row.name != single]


def _chosen(section: Section) -> Iterator[str]:
    if len(_candidates(section)) > _MOST:
        single = any(row.kind == "best_single" for row in shown(section))
        yield (
            f"The tables show the leader, its ties and the next best, {_MOST} in all"
            f"{', and best-single' if single else ''}."
        )


def _lead(section: Section) -> str | None:
    return section.analysis.lead if section.analysis is not None else None


def _grid(title: str, parts: Sequence[Segment], rows: Sequence[Row], section: Section) -> Grid:
    columns = [_column(part, rows, section) for part in parts]
    return Grid(
        title,
        ("method", *_heads(parts)),
        tuple(
            GridRow(
                row_name(row),
                tuple(column[position] for column in columns),
                rule=row.kind == "best_single" and position > 0,
            )
            for position, row in enumerate(rows)
        ),
    )


def _heads(parts: Sequence[Segment]) -> list[str]:
    """A name takes as many lines as it has parts (`middle`, `1,001 to 12,500 rows`): cut, it would be no name at all."""
    names = [[short(_with_thousands(line)) for line in part.name.split(", ")] for part in parts]
    most = max(map(len, names))
    return [
        "\n".join(
            [
                *[""] * (most - len(name)),
                *name,
                counted(part.users, "user"),
                counted(part.rows, "row"),
            ]
        )
        for part, name in zip(parts, names, strict=True)
    ]


def _with_thousands(name: str) -> str:
    """Its whole numbers, with thousands apart."""
    return re.sub(r"\d{4,}", lambda found: f"{int(found[0]):,}", name)


def _column(part: Segment, rows: Sequence[Row], section: Section) -> list[Cell]:
    places = section.places("logloss")
    best_single = section.analysis.best_single if section.analysis is not None else None
    texts = align([loss(part.logloss.get(row.subject), places) for row in rows], places)
    pairs = [part.against_best_single.get(row.subject) for row in rows]
    marks = [
        "" if pair is None or row.subject == best_single else _MARKS[pair.verdict]
        for pair, row in zip(pairs, rows, strict=True)
    ]
    return [Cell(text, mark or " ") for text, mark in zip(texts, marks, strict=True)]


def _legend(marks: set[str]) -> str:
    meanings = {
        "+": "better than best-single",
        "-": "worse than it",
        "~": "a tie with best-single",
        "?": "no verdict",
    }
    told = ", ".join(
        f"{mark} means {meaning}" for mark, meaning in meanings.items() if mark in marks
    )
    return (
        f"{told}{'. ' if told else ''}These groups were not chosen beforehand: treat any difference as a question for the "
        f"next run. {HOLM_BY_GROUP} The JSON report has every method, AUC and intervals."
    )
