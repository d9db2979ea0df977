"""A report in the order in which people ask: which method, by how much, is it real; bounds and cost; for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, get_args

from bench.report.content.model import Report, Section
from bench.report.sections.adaptation import adaptation
from bench.report.sections.answer import answer
from bench.report.sections.bounds import bounds
from bench.report.sections.compositions import METHODS, methods_blocks
from bench.report.sections.cost import UNLIKE_NOTE, base_models_grid, cost_grid, cost_note
from bench.report.sections.data_notes import data_warnings
from bench.report.sections.edge_notes import edge_notes
from bench.report.sections.for_whom import segments
from bench.report.sections.for_whom_answer import for_whom_answer
from bench.report.sections.glossary import glossary
from bench.report.sections.legend import legend
from bench.report.sections.made import made_blocks
from bench.report.sections.never_better_notes import never_better_notes
from bench.report.sections.part_notes import analysis_fault, not_asked
from bench.report.sections.provenance import section_facts, section_warnings
from bench.report.sections.quality import quality_grid
from bench.report.sections.quality_notes import quality_notes
from bench.report.sections.ranks import OVER_ALL, ranks_blocks
from bench.report.sections.selection import selection
from bench.report.sections.trouble import WENT_WRONG, trouble
from bench.report.sections.unfinished_notes import unfinished_notes
from bench.report.words.blocks import Block, Heading, Note
from bench.report.words.figures import counted, listed
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["PARTS", "Part", "begun", "document", "progress", "section_blocks", "section_name"]

# The questions that a report answers; `bench report --section` and a page have them by these names.
Part = Literal["answer", "cost", "for-whom", "trust", "made"]
PARTS: tuple[Part, ...] = get_args(Part)

_HOW = {
    "interrupted": "The run was interrupted",
    "part": "The run is a part of its suite",
}


def document(report: Report, only: Collection[Part] = PARTS) -> Iterator[Block]:
    """Blocks from top to bottom, of those parts alone."""
    yield from begun(report)
    if report.ranks is not None and "answer" in only:
        yield Heading(2, OVER_ALL)
        yield from ranks_blocks(report.ranks)
    for section in report.sections:
        yield Heading(2, section_name(section))
        yield from (block for part, block in section_blocks(report, section) if part in only)
    wrong = trouble(report)
    if wrong and "trust" in only:
        yield Heading(2, WENT_WRONG)
        yield from wrong
    if "made" in only:
        yield from _methods(report)
        yield Heading(2, "How this run was made")
        yield from made_blocks(report)


def _methods(report: Report) -> Iterator[Block]:
    if report.compositions:
        yield Heading(2, METHODS)
        yield from methods_blocks(report)


def begun(report: Report) -> Iterator[Block]:
    """Which run it is, and how much of it there is."""
    yield Heading(1, short(report.suite))
    yield Note(progress(report))
    yield from not_asked(report)
    yield from analysis_fault(report)


def section_name(section: Section) -> str:
    """`ml-100k / cold`."""
    return f"{short(section.dataset)} / {short(section.protocol)}"


def section_blocks(report: Report, section: Section) -> Iterator[tuple[Part, Block]]:
    """What there is to say of one dataset under one protocol, each with the part that it is of."""
    if not section.ok:
        yield (
            "answer",
            Note(f"None of {section.trials} trials has a result: there is nothing to compare."),
        )
    else:
        yield from _of("answer", answer(report, section))
        yield "answer", glossary(section)
        yield from _of("trust", data_warnings(section))
        yield from _of("trust", unfinished_notes(section))
        yield from _of("trust", never_better_notes(section))
        yield from _of("trust", edge_notes(section))
        yield "answer", quality_grid(report, section)
        yield from _of("answer", legend(section))
        yield from _of("answer", quality_notes(report, section))
        yield from _of("answer", _in_log_loss(section))
        yield from _of("answer", _against_best_single(section))
        yield from _of("answer", bounds(section))
        yield from _of("for-whom", for_whom_answer(section))
        yield from _of("for-whom", selection(section))
        yield from _of("for-whom", adaptation(section))
        yield from _of("cost", _cost(report, section))
        yield from _of("for-whom", _base_models(section))
        yield from _of("for-whom", segments(section))
    yield from _of("trust", section_warnings(section))
    yield from _of("made", section_facts(section))


def _of(part: Part, blocks: Iterable[Block]) -> Iterator[tuple[Part, Block]]:
    return ((part, block) for block in blocks)


def progress(report: Report) -> str:
    trials, ok = (
        sum(getattr(section, key) for section in report.sections) for key in ("trials", "ok")
    )
    seeds = ", ".join(map(str, report.seeds))
    run = _HOW.get(report.status, f"The run is {report.status}")
    if report.not_asked and report.status != "part":
        run += ", and is a part of its suite"
    if not trials:
        return f"{run}: it has no trials, so there is nothing to report."
    of_seeds = f" (seed{'s' * (len(report.seeds) > 1)} {seeds})" if report.seeds else ""
    return f"{run}: {ok} of {trials} trials have a result{of_seeds}.{_causes(report)}"


def _causes(report: Report) -> str:
    """Who failed, and how many trials could not begin without them: one base model takes all methods over the pool along."""
    failures = [one for one in report.failures if one.status != "missing"]
    if not failures:
        return ""
    failed = list(dict.fromkeys(one.needed or one.method for one in failures))
    waiting = sum(one.needed is not None for one in failures)
    them = "it" if len(failed) == 1 else "them"
    along = f", and with {them} {counted(waiting, 'trial')} that needed {them}" if waiting else ""
    return f' {listed(failed)} failed{along}; "What went wrong", below, says why.'


def _in_log_loss(section: Section) -> Iterator[Block]:
    """What a reader of verdicts in another metric would take for figures of that."""
    if section.primary != "logloss" and section.analysis is not None:
        what = "Bounds, shares of the gap, regret, users helped and segments"
        yield Note(f"{what} are in log loss, not in {named(section.primary)}.")


def _against_best_single(section: Section) -> Iterator[Block]:
    """What a reader of verdicts against another method would take for figures against that."""
    if section.is_chosen:
        what = "Bounds, shares of the gap, users helped and segments"
        yield Note(f"{what} are held against the best single model all the same.")


def _cost(report: Report, section: Section) -> Iterator[Block]:
    costs = cost_grid(section)
    if costs is not None:
        yield costs
        if not section.one_machine:
            yield Note(UNLIKE_NOTE)
        yield Note(cost_note(report, section))


def _base_models(section: Section) -> Iterator[Block]:
    found = base_models_grid(section)
    if found is not None:
        yield found
