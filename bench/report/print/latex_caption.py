"""What it takes to read a table, as its caption in LaTeX: a few lines. What else there is to know stands in comments above it
(`latex_details`)."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Report, Section
from bench.report.print.latex_columns import DAGGER, TIE
from bench.report.sections.every_seed import best_of
from bench.report.sections.quality_notes import tie_in_short
from bench.report.words.figures import counted
from bench.report.words.latex_text import in_latex, latex_name
from bench.report.words.metrics import named

__all__ = ["caption", "place"]


def caption(report: Report, section: Section) -> str:
    """Data, size and seeds; what intervals, verdicts and marks are."""
    return " ".join((*_what(report, section), *_tests(section), *_marks(report, section)))


def place(section: Section) -> str:
    """Data set and protocol."""
    return f"{latex_name(section.dataset)}, protocol {latex_name(section.protocol)}"


def _what(report: Report, section: Section) -> Iterator[str]:
    better = "higher" if section.higher_is_better else "lower"
    many = len(report.seeds) > 1
    seeds = (
        rf"means over {len(report.seeds)} seeds $\pm$ sample standard deviation"
        if many
        else "one seed"
    )
    yield f"{place(section)}: {in_latex(named(section.primary))} ({better} is better) on {_size(section)}, {seeds}."
    if section.ok < section.trials:
        yield f"Only {section.ok} of {counted(section.trials, 'trial')} have a result."


def _size(section: Section) -> str:
    """By the analysis, else as the protocol divided the data."""
    if section.analysis is not None:
        users, rows = section.analysis.users, section.analysis.rows
    else:
        users = section.split_facts.get("users", {}).get("test")
        rows = section.split_facts.get("rows", {}).get("test", {}).get("query")
    if not isinstance(users, int) or not isinstance(rows, int):
        return "the test users"
    return f"{counted(users, 'test user')} ({counted(rows, 'row')})"


def _tests(section: Section) -> Iterator[str]:
    if section.analysis is None:
        yield "No analysis: no intervals, no verdicts."
        return
    pairs = [pair for row in section.rows if (pair := section.pair(row)) is not None]
    if pairs:
        seeds = " and seeds" if any(pair.seeds_p is not None for pair in pairs) else ""
        yield (
            f"Differences from {_reference(section)} with 95\\% intervals (bootstrap over users); verdicts: $t$-tests over "
            f"users{seeds}, Holm-adjusted."
        )


def _reference(section: Section) -> str:
    name = latex_name(section.reference or "")
    return name if section.is_chosen else f"the best single model ({name})"


def _marks(report: Report, section: Section) -> Iterator[str]:
    figures = [figure for row in section.rows for figure in row.figures.values()]
    marks = {figure.mark for figure in figures}
    if "best" in marks:
        yield f"Bold: the best mean{best_of(section, report.metrics)}."
    if "tie" in marks:
        yield f"{TIE}: {in_latex(tie_in_short(report, section))}."
    if any(0 < figure.estimate.defined < len(figure.estimate.values) for figure in figures):
        yield f"{DAGGER}: of fewer seeds."
    if any(row.kind == "bound" for row in section.rows):
        yield "Italics: bounds, which are not ranked."
