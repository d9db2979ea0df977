"""What the table's marks and columns mean, and why a figure is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from bench.evaluate import called, leaves_out_zero
from bench.report.content.model import Report, Section
from bench.report.sections.every_seed import best_of, chosen_of, might_be_another
from bench.report.sections.quality import against, row_name
from bench.report.sections.reference import reference
from bench.report.sections.too_many import too_many_rows
from bench.report.words.blocks import ABSENT, Note
from bench.report.words.figures import counted, listed, loss, reasons
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["quality_notes", "relaimpr_meaning", "tie_in_short", "tie_meaning"]


def quality_notes(report: Report, section: Section) -> list[Note]:
    """Marks and tests, then what figures are relative to, then what is missing."""
    notes = [
        " ".join(_marks(report, section)),
        " ".join(_meanings(report, section)),
        *_withheld(section),
    ]
    return [*(Note(text) for text in notes if text), *_gaps(report, section)]


def _marks(report: Report, section: Section) -> Iterator[str]:
    marks = {figure.mark for row in section.rows for figure in row.figures.values()}
    if "best" in marks:
        among = best_of(section, report.metrics, of="")
        yield (
            f"* marks the best mean of methods and base models{among}"
            + (f", = {tie_meaning(report, section)}." if "tie" in marks else ".")
        )
    if section.analysis is not None and any(map(section.pair, section.rows)):
        drawn = counted(section.analysis.resamples, "resample")
        users = counted(section.analysis.users, "test user")
        better = "above" if section.higher_is_better else "below"
        yield (
            f'"{against(section)}" is the difference from {reference(section)}: {better} 0 is better. Its interval comes from '
            f"a paired bootstrap over the {users} ({drawn})."
        )
        yield from _of_the_lead(section)
        yield from _verdicts(section)


def _of_the_lead(section: Section) -> Iterator[str]:
    """Two differences are judged, and one of them has a column."""
    lead = section.analysis.lead if section.analysis is not None else None
    if lead is None or lead == section.reference:
        return
    marked = any(
        row.figures[metric].mark == "tie" for row in section.rows for metric in section.tested
    )
    others = "= and the sentences at the top are" if marked else "the sentences at the top are"
    yield f"The verdict is on that difference; {others} on the difference from the best (*)."


def _verdicts(section: Section) -> Iterator[str]:
    """What they ask for beside the interval, where there are any."""
    found = [section.pair(row) for row in section.rows]
    given = [pair for pair in found if pair is not None and pair.verdict != "withheld"]
    if given:
        too = (
            " and for the spread over seeds"
            if any(pair.seeds_p is not None for pair in given)
            else ""
        )
        so = any(pair.verdict == "tie" and leaves_out_zero(pair) for pair in given)
        why = ", so a tie's interval may leave out 0" if so else ""
        yield (
            f"A verdict allows for the tests of the other rows (Holm's adjustment){too}{why}. The differences that the run "
            "would have noticed, at the top, do not allow for other tests."
        )
        yield from filter(None, [too_many_rows(section)])


def tie_meaning(report: Report, section: Section) -> str:
    """What a tie is, where the analysis says so and where it does not."""
    alike = _alike(report)
    if not section.tested:
        return f"a tie with it: {alike}"
    return f"what a test of {_tested(section)} can't tell apart from it" + (
        f" (in other columns: {alike})" if _untested(section) else ""
    )


def tie_in_short(report: Report, section: Section) -> str:
    """`a tie with it`; where a column shows one that no test has found, which columns are tested."""
    if not _untested(section):
        return "a tie with it"
    alike = _alike(report)
    tested = f"a test in {_tested(section)}; elsewhere {alike}" if section.tested else alike
    return f"a tie with it ({tested})"


def _alike(report: Report) -> str:
    """What the untested are held alike by."""
    change = ", or a difference that changes its sign between seeds"
    return "the same printed figure" + change * (len(report.seeds) > 1)


def _tested(section: Section) -> str:
    return listed(map(called, section.tested), None)


def _untested(section: Section) -> set[str]:
    """Metrics with a tie that no test has found."""
    figures = ((m, figure) for row in section.rows for m, figure in row.figures.items())
    return {m for m, figure in figures if figure.mark == "tie"} - {*section.tested}


def _meanings(report: Report, section: Section) -> Iterator[str]:
    if any(row.validation is not None and row.validation.mean is not None for row in section.rows):
        yield '"valid. log loss" is that of validation users\' query rows: models and settings are chosen by it.'
    single = next((row for row in section.rows if row.kind == "best_single"), None)
    places = section.places("logloss")
    if single is not None:
        chosen = (
            f" ({loss(single.validation.mean, places)})" if single.validation is not None else ""
        )
        yield (
            f"best-single, the best single model, is {short(single.subject)}: it has the lowest mean validation log loss of "
            f"the base models{chosen_of(section, of='')}{chosen}. Test labels had no part in that choice."
        )
        if told := might_be_another(report, section):
            yield told
    if any(row.kind == "bound" for row in section.rows):
        yield (
            "Bounds are never ranked."
            if section.analysis is not None
            else "Bounds read the test labels and are never ranked."
        )
    if "relaimpr" in report.metrics:
        yield relaimpr_meaning(report, section)


def relaimpr_meaning(report: Report, section: Section) -> str:
    """A sentence."""
    return f"RelaImpr is how much further above .5 the AUC is than that of {_base(report, section)}, in percent."


def _base(report: Report, section: Section) -> str:
    named = next((row for row in section.rows if row.name == report.relaimpr_base), None)
    if named is None:
        return f"{short(report.relaimpr_base)} (which has no row here)"
    return short(named.name) if named.model is None else f"{named.name} in the same seed"


def _withheld(section: Section) -> Iterator[str]:
    pairs = [(row, section.pair(row)) for row in section.rows if row.kind != "best_single"]
    told = reasons(
        (row.name, pair.reason)
        for row, pair in pairs
        if pair is not None and pair.verdict == "withheld"
    )
    if told:
        yield f"A verdict is withheld where none can be given: {'; '.join(told)}."


def _has(metrics: Collection[str]) -> str:
    return "has" if len(metrics) == 1 else "have"


def _gaps(report: Report, section: Section) -> list[Note]:
    """One note for figures that are undefined for one reason in equally many seeds."""
    gaps: dict[tuple[str, int], tuple[dict[str, None], dict[str, None]]] = defaultdict(
        lambda: ({}, {})
    )
    for row in section.rows:
        for metric, figure in row.figures.items():
            if not figure.estimate.complete:
                names, metrics = gaps[figure.estimate.reason, figure.estimate.defined]
                names[row_name(row)] = metrics[named(metric)] = None
    seeds = len(report.seeds)
    return [
        Note(
            f"{'!' if defined else ABSENT} {', '.join(metrics)} of {', '.join(names)} {_has(metrics)} a value in {defined} of "
            f"{counted(seeds, 'seed')}: {reason}."
        )
        for (reason, defined), (names, metrics) in gaps.items()
    ]
