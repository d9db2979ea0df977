"""A report as tables for a paper: LaTeX in plain ASCII that pdflatex compiles, whatever names hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from bench.report.content.model import Report, Row, Section
from bench.report.print.latex_caption import caption, place
from bench.report.print.latex_columns import Column, columns
from bench.report.print.latex_details import details
from bench.report.sections.quality import without_twin
from bench.report.words.figures import counted
from bench.report.words.latex_text import in_latex, in_latex_comment, latex_name, seen_name
from bench.report.words.names import short

__all__ = ["to_latex"]

_MOST_ROWS = 32  # of one table: with its caption they fit a page of LaTeX's own classes
_FULL = 400  # cells of a name in a comment


def to_latex(report: Report) -> str:
    r"""A `table` for each dataset and protocol, or several where rows are many, for a paper's `\input`: the primary metric,
    differences from the reference with interval and verdict, the other metrics' means. Figures are rounded as in the
    terminal's table, the caption says what they are, and comments above it how they were made. ASCII alone; ends with a line
    end."""
    labels: set[str] = set()
    parts = [_head(report)]
    for section in report.sections:
        if section.ok:
            parts += _tables(report, section, labels)
        else:
            parts.append(_nothing(section))
    return "\n\n".join(parts) + "\n"


def _head(report: Report) -> str:
    trials, ok = (
        sum(getattr(section, key) for section in report.sections) for key in ("trials", "ok")
    )
    lines = [
        f"Tables of the run of suite {short(report.suite)}, by `bench report --latex`.",
        r"In the preamble: \usepackage{booktabs} and \usepackage{graphicx}.",
        "A table that is wider than the line is set smaller; in two columns, write table* for table.",
        f"The run is {report.status}: {ok} of {counted(trials, 'trial')} have a result.",
    ]
    if report.analysis_fault:
        lines.append(f"Its analysis can't be used: {short(report.analysis_fault, _FULL)}")
    return "\n".join(f"% {in_latex_comment(line)}" for line in lines)


def _nothing(section: Section) -> str:
    return rf"\noindent {place(section)}: none of {counted(section.trials, 'trial')} has a result, so that there is no table."


def _tables(report: Report, section: Section, labels: set[str]) -> Iterator[str]:
    found, rows = columns(report, section), without_twin(section.rows)
    parts = [range(at, min(at + _MOST_ROWS, len(rows))) for at in range(0, len(rows), _MOST_ROWS)]
    named = _labels(report, section, len(parts), labels)
    for part, label in zip(parts, named, strict=True):
        first = label == named[0]
        above = _details(report, section) if first else ()
        told = caption(report, section) if first else rf"Continues Table~\ref{{{named[0]}}}."
        yield "\n".join(
            [*above, *_cut_names(rows, part), *_table(section, found, part, told, label)]
        )


def _details(report: Report, section: Section) -> Iterator[str]:
    return (f"% {in_latex_comment(line)}" for line in details(report, section))


def _table(
    section: Section, found: Sequence[Column], part: range, told: str, label: str
) -> Iterator[str]:
    rows = without_twin(section.rows)
    yield r"\begin{table}[tbp]"
    yield r"  \centering"
    yield rf"  \caption[{place(section)}]{{{told}}}"
    yield rf"  \label{{{label}}}"
    yield r"  \vspace{4pt}"
    yield r"  \footnotesize\setlength{\tabcolsep}{4pt}"
    yield r"  \sbox0{%"
    yield rf"  \begin{{tabular}}{{@{{}}{''.join(column.align for column in found)}@{{}}}}"
    yield r"    \toprule"
    yield rf"    {' & '.join(column.head for column in found)} \\"
    yield r"    \midrule"
    for at in part:
        if at > part[0] and _block(rows[at]) != _block(rows[at - 1]):
            yield r"    \midrule"
        yield rf"    {' & '.join(column.cells[at] for column in found)} \\"
    yield r"    \bottomrule"
    yield r"  \end{tabular}}%"
    yield r"  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi"
    yield r"\end{table}"


def _block(row: Row) -> str:
    return "base_model" if row.kind == "best_single" else row.kind


def _cut_names(rows: Sequence[Row], part: range) -> Iterator[str]:
    names = dict.fromkeys(rows[at].subject for at in part)
    for name in names:
        if latex_name(name) != in_latex(name):
            told = f"{seen_name(name)} is {short(name, _FULL)}"
            yield f"% {in_latex_comment(told)}"


def _labels(report: Report, section: Section, parts: int, taken: set[str]) -> list[str]:
    r"""One a part: `tab:SUITE-DATASET-PROTOCOL` in characters that any \ref takes, then the same with `-2`, `-3`, ...; with a
    number of its own where another table has one of them. Those of all tables are `taken`."""
    words = "-".join((report.suite, section.dataset, section.protocol)).lower()
    base = f"tab:{re.sub('[^a-z0-9]+', '-', words).strip('-')[:60] or 'run'}"
    for number in count(1):
        first = base if number == 1 else f"{base}-n{number}"
        found = [first, *(f"{first}-{part}" for part in range(2, parts + 1))]
        if taken.isdisjoint(found):
            break
    taken.update(found)
    return found
