"""What a reader of a paper has to know of a table, as its caption in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Report, Section
from bench.report.print.latex_columns import DAGGER, TIE
from bench.report.sections.quality_notes import relaimpr_meaning, tie_meaning
from bench.report.words.figures import counted
from bench.report.words.latex_text import in_latex, latex_name
from bench.report.words.metrics import named

__all__ = ["caption", "place"]

NO_ANALYSIS = "The run has no analysis, so that there are no intervals and no verdicts."


def caption(report: Report, section: Section) -> str:
    """Data, protocol, size and seeds; what marks, intervals and verdicts are; what best-single and bounds are."""
    return " ".join(
        (
            *_what(report, section),
            *_marks(report, section),
            *_tests(section),
            *_rows(report, section),
        )
    )


def place(section: Section) -> str:
    """Data set and protocol."""
    return f"{latex_name(section.dataset)}, protocol {latex_name(section.protocol)}"


def _what(report: Report, section: Section) -> Iterator[str]:
    direction = "higher" if section.higher_is_better else "lower"
    yield f"{place(section)}: quality on the query rows of {_size(section)}."
    yield f"{_metric(section)} decides; {direction} is better."
    seeds = ", ".join(map(str, report.seeds))
    if len(report.seeds) > 1:
        yield rf"Figures are means over {len(report.seeds)} seeds ({seeds}); $\pm$: the sample standard deviation over them."
    else:
        yield f"Figures are of one seed ({seeds}): the spread over training runs is not in them."
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


def _metric(section: Section) -> str:
    name = in_latex(named(section.primary))
    return name[:1].upper() + name[1:]


def _marks(report: Report, section: Section) -> Iterator[str]:
    figures = [figure for row in section.rows for figure in row.figures.values()]
    marks = {figure.mark for figure in figures}
    if "best" in marks:
        yield "Bold: the best mean of methods and base models."
    if "tie" in marks:
        yield f"Marked {TIE}: {in_latex(tie_meaning(report, section))}."
    if any(0 < figure.estimate.defined < len(figure.estimate.values) for figure in figures):
        yield f"Marked {DAGGER}: the mean of those seeds alone in which it is defined."


def _tests(section: Section) -> Iterator[str]:
    analysis = section.analysis
    if analysis is None:
        yield NO_ANALYSIS
        return
    pairs = [pair for row in section.rows if (pair := section.pair(row)) is not None]
    if not pairs:
        return
    yield (
        f"Differences are from {_reference(section)}; in brackets their 95\\% interval over users: the difference $\\pm$ $t$ "
        f"standard errors of a paired cluster bootstrap that draws whole users ({counted(analysis.resamples, 'resample')}; "
        "Davison and Hinkley 1997)."
    )
    several = any(pair.seeds_p is not None for pair in pairs)
    if several:
        yield (
            "Better, worse: that interval and the $t$-interval over seeds leave 0 out, and a $t$-test with both variances "
            "(degrees of freedom: Satterthwaite 1946) rejects it, adjusted for all comparisons of this data set and protocol "
            "(Holm 1979)."
        )
    else:
        yield (
            "Better, worse: the $t$-test over users rejects 0, adjusted for all comparisons of this data set and protocol "
            "(Holm 1979)."
        )
    verdicts = {pair.verdict for pair in pairs}
    if "tie" in verdicts:
        yield "Tie: the run can't tell the two apart."
    if "withheld" in verdicts:
        yield "Withheld: nothing can be said."


def _reference(section: Section) -> str:
    name = latex_name(section.reference or "")
    return name if section.is_chosen else f"the best single model ({name})"


def _rows(report: Report, section: Section) -> Iterator[str]:
    if any(row.kind == "best_single" for row in section.rows):
        yield "best-single: the base model with the lowest mean log loss of validation users, chosen without test labels."
    if any(row.kind == "bound" for row in section.rows):
        yield "Italics: bounds, which read the test labels and are not ranked."
    if "relaimpr" in report.metrics:
        yield in_latex(relaimpr_meaning(report, section))
