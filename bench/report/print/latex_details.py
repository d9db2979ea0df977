"""What a table's caption has no room for, as sentences for the comments above it: how verdicts are made, what best-single,
bounds and RelaImpr are."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Report, Section
from bench.report.sections.every_seed import chosen_of, might_be_another
from bench.report.sections.quality_notes import relaimpr_meaning, tie_meaning
from bench.report.sections.reference import named_reference
from bench.report.words.figures import counted

__all__ = ["details"]


def details(report: Report, section: Section) -> Iterator[str]:
    """In plain text; names are as in the terminal."""
    yield f"Figures are of the query rows of test users; seeds: {', '.join(map(str, report.seeds))}."
    if len(report.seeds) == 1:
        yield "The spread over training runs is not in the figures of one seed."
    if any(figure.mark == "tie" for row in section.rows for figure in row.figures.values()):
        yield f"A tie with the best mean is {tie_meaning(report, section)}."
    yield from _tests(section)
    if any(row.kind == "best_single" for row in section.rows):
        yield (
            f"best-single: the base model with the lowest mean log loss of validation users{chosen_of(section)}, chosen "
            "without test labels."
        )
        if told := might_be_another(report, section):
            yield told
    if any(row.kind == "bound" for row in section.rows):
        yield "Bounds read the test labels."
    if "relaimpr" in report.metrics:
        yield relaimpr_meaning(report, section)


def _tests(section: Section) -> Iterator[str]:
    analysis = section.analysis
    pairs = [pair for row in section.rows if (pair := section.pair(row)) is not None]
    if analysis is None or not pairs:
        return
    yield (
        f"Intervals: the difference from {named_reference(section, section.reference or '')} plus and minus t standard errors "
        f"of a paired cluster bootstrap that draws whole users ({counted(analysis.resamples, 'resample')}; Davison and "
        "Hinkley 1997)."
    )
    if any(pair.seeds_p is not None for pair in pairs):
        yield (
            "Better, worse: that interval and the t-interval over seeds leave 0 out, and a t-test with both variances "
            "(degrees of freedom: Satterthwaite 1946) rejects it, adjusted for all comparisons of this data set and protocol "
            "(Holm 1979)."
        )
    else:
        yield (
            "Better, worse: the t-test over users rejects 0, adjusted for all comparisons of this data set and protocol (Holm "
            "1979)."
        )
    verdicts = {pair.verdict for pair in pairs}
    if "tie" in verdicts:
        yield "Tie: the run can't tell the two apart."
    if "withheld" in verdicts:
        yield "Withheld: nothing can be said."
