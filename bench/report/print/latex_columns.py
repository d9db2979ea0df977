"""The columns of a paper's table, their cells in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from bench.evaluate import printed
from bench.report.content.model import Figure, Report, Row, Section
from bench.report.sections.quality import is_best_single, without_twin
from bench.report.words.blocks import ABSENT
from bench.report.words.figures import with_interval
from bench.report.words.latex_text import in_latex, latex_name
from bench.report.words.metrics import figure, head

__all__ = ["DAGGER", "TIE", "Column", "columns"]

TIE, DAGGER = "$^{=}$", r"$^{\dagger}$"
_PLUS_MINUS = r"\,$\pm$\,"
_SIGN = re.compile(r"([-+])(?=[.\d])")


class Column(NamedTuple):
    """A cell for each row of the table, in its order; of bounds in italics."""

    head: str
    align: Literal["l", "r"]
    cells: tuple[str, ...]


def columns(report: Report, section: Section) -> tuple[Column, ...]:
    """Names, the primary with its differences, the other metrics' means. The rows are those of the terminal's table."""
    shown = replace(section, rows=tuple(without_twin(section.rows)))
    names = tuple(_name(section, row) for row in shown.rows)
    return tuple(
        column._replace(cells=tuple(map(_of_row, shown.rows, column.cells)))
        for column in (Column("method", "l", names), *_columns(report, shown))
    )


def _columns(report: Report, section: Section) -> Iterator[Column]:
    others = [metric for metric in report.metrics if metric != section.primary]
    if section.primary in report.metrics:
        yield _metric(section, section.primary, with_sd=True)
    yield from _against_reference(section)
    for metric in others:
        yield _metric(section, metric, with_sd=False)


def _of_row(row: Row, cell: str) -> str:
    return rf"\textit{{{cell}}}" if cell and row.kind == "bound" else cell


def _name(section: Section, row: Row) -> str:
    if row.model is not None:
        return f"{row.name} = {latex_name(row.model)}"
    return f"{latex_name(row.name)}{' = best-single' if is_best_single(section, row) else ''}"


def _metric(section: Section, metric: str, *, with_sd: bool) -> Column:
    figures = [row.figures[metric] for row in section.rows]
    places = section.places(metric)
    means = [_mean(metric, one, places) for one in figures]
    sds = [_sd(metric, one, places) if with_sd else "" for one in figures]
    marks = [_mark(one) for one in figures]
    cells = map("".join, zip(means, _of_one_width(sds), _of_one_width(marks), strict=True))
    return Column(in_latex(head(metric)), "r", tuple(cells))


def _mean(metric: str, one: Figure, places: int) -> str:
    text = _number(figure(metric, one.estimate.mean, places))
    return rf"\textbf{{{text}}}" if one.mark == "best" else text


def _sd(metric: str, one: Figure, places: int) -> str:
    sd = one.estimate.sd
    return "" if sd is None else _PLUS_MINUS + printed(metric, sd, places).removeprefix("+")


def _mark(one: Figure) -> str:
    if 0 < one.estimate.defined < len(one.estimate.values):
        return DAGGER
    return TIE if one.mark == "tie" else ""


def _of_one_width(texts: Sequence[str]) -> list[str]:
    """An empty one takes the room of the longest, so that figures before them stay aligned on the point."""
    longest = max(texts, key=len, default="")
    return [text or (rf"\phantom{{{longest}}}" if longest else "") for text in texts]


def _against_reference(section: Section) -> Iterator[Column]:
    pairs = [section.pair(row) for row in section.rows]
    if not any(pairs):
        return
    places, differences, verdicts = section.places(section.primary), [], []
    for row, pair in zip(section.rows, pairs, strict=True):
        if row.kind != "bound" and row.subject == section.reference:
            differences.append("reference")
            verdicts.append("")
        elif pair is None or pair.difference is None:
            differences.append("" if pair is None else _number(ABSENT))
            verdicts.append("" if pair is None else pair.verdict)
        else:
            differences.append(_number(with_interval(pair.difference, pair.low, pair.high, places)))
            verdicts.append(pair.verdict)
    chosen = section.analysis.chosen if section.analysis is not None else None
    whom = "best single" if chosen is None else latex_name(chosen)
    yield Column(rf"\shortstack[r]{{vs {whom}\\{{}}[95\% interval]}}", "r", tuple(differences))
    yield Column("verdict", "l", tuple(verdicts))


def _number(text: str) -> str:
    """With minus signs, not hyphens."""
    return _SIGN.sub(r"$\1$", text).replace(ABSENT, "--")
