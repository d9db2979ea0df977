"""Runs side by side in words and tables: what differs first, then figures and cost of each dataset and protocol."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from bench.report import Block, Cell, Grid, GridRow, Heading, Note, Report, Terms, short
from bench.report.words.figures import counted, joined, listed
from bench.several.differs import VALUE, WORDS
from bench.several.grids import cost_grid, quality_grid
from bench.several.model import Differing, Group, OneRun, Place, Several
from bench.several.readable import left_out_notes

__all__ = ["blocks", "differing_blocks", "legend", "place_blocks", "place_name", "verdicts"]

_WHAT = 76  # cells of what differs
_SAID = 12  # things that differ in a sentence; the table has all
_FEW = 3
_BY_FIGURES = "no test stands behind =: figures print alike, or their difference changes its sign between seeds"


def blocks(several: Several) -> Iterator[Block]:
    """From top to bottom, for a terminal and Markdown."""
    yield Heading(1, f"{len(several.runs)} runs side by side")
    yield legend(several)
    yield from left_out_notes(several.left_out)
    yield from differing_blocks(several)
    for place in several.places:
        yield Heading(2, place_name(place))
        yield from place_blocks(several, place)
    yield verdicts(several)


def verdicts(several: Several) -> Note:
    """What marks and differences are."""
    marks = {
        one.mark
        for place in several.places
        for group in place.groups
        for line in group.lines
        for one in line.figures
        if one is not None and line.kind != "bound"
    }
    among = " of those with a value in every seed" if "!" in marks else ""
    return Note(
        f"Marks are of each run by itself: * best{among}, = tied with it, ! of fewer seeds. A difference is the mean over the "
        "seeds that both runs have; it is no verdict. bench compare and bench gate judge two runs."
    )


def legend(several: Several) -> Terms:
    """Which run stands under which head, and what it lacks."""
    return Terms(tuple((run.head, _told(run)) for run in several.runs))


def _told(run: OneRun) -> str:
    report = run.report
    started = report.made.started[:16].replace("T", " ") if report.made is not None else ""
    parts = [
        *([short(run.name, 60)] if run.name != run.head else []),
        f"suite {short(report.suite)}",
        *([f"started {short(started)}"] if started else []),
        report.status,
    ]
    if report.failures:
        parts.append(f"{counted(len(report.failures), 'trial')} without a result")
    if not any(section.ok for section in report.sections):
        parts.append("no trial has a result")
    parts += _unanalysed(report)
    return ", ".join(parts)


def _unanalysed(report: Report) -> list[str]:
    """Where marks are not the verdicts of an analysis."""
    marked = [
        one
        for one in report.sections
        if any(f.mark for row in one.rows for f in row.figures.values())
    ]
    without = [one for one in marked if one.analysis is None]
    if not without:
        return []
    names = [f"{short(one.dataset)} / {short(one.protocol)}" for one in without]
    where = f" of {joined(names)}" if len(without) < len(marked) else ""
    return [f"no analysis{where} that can be used ({_BY_FIGURES})"]


def differing_blocks(several: Several) -> Iterator[Block]:
    """What differs in how the runs were made, in a sentence and a table."""
    yield Note(_sentence(several), strong=True)
    if several.differing:
        rows = tuple(
            GridRow(short(one.what, _WHAT), tuple(map(_value, repeat(one), one.values)))
            for one in several.differing
        )
        heads = ("", *(run.head for run in several.runs))
        yield Grid("What differs in how they were made", heads, rows)


def _value(of: Differing, value: str) -> Cell:
    return Cell(short(value, WORDS if of.kind == "pool" else VALUE))


def _sentence(several: Several) -> str:
    """Kinds; of machine and versions each by its name."""
    named = [
        one.what if one.kind == "versions and machine" else f"the {one.kind}"
        for one in several.differing
    ]
    what = list(dict.fromkeys(named))
    if not what:
        return "Nothing differs in how they were made, as far as it is recorded."
    told = listed(what, _SAID)
    return f"Nothing differs but {told}." if len(what) < _FEW else f"These differ: {told}."


def place_name(place: Place) -> str:
    return f"{short(place.dataset)} / {short(place.protocol)}"


def place_blocks(several: Several, place: Place) -> Iterator[Block]:
    """A table for each group of runs that can be compared, and what it cost."""
    for group in place.groups:
        yield quality_grid(several, place, group)
        if (grid := cost_grid(several, group)) is not None:
            yield grid
        yield from map(Note, _untimed(several, group))


def _untimed(several: Several, group: Group) -> Iterator[str]:
    """By what their cost can't be held against the first run's."""
    reasons: dict[tuple[str, ...], list[str]] = {}
    for place, unlike in zip(group.runs, group.unlike, strict=True):
        if unlike:
            reasons.setdefault(unlike, []).append(several.runs[place].head)
    first = several.runs[group.runs[0]].head
    for unlike, heads in reasons.items():
        yield (
            f"CPU time of {listed(heads)} is not set beside that of {first}, since it hangs on what differs: "
            f"{listed(unlike, None)}."
        )
