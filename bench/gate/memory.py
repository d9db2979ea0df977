"""How large a method is in two runs: parameters, and the memory that its own step took at its peak."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from bench.gate.model import Cell, Verdict
from bench.gate.sizes import (
    PARAMETERS,
    PEAK,
    Known,
    counts_of,
    is_counted_anew,
    is_measured_once,
    known,
    peaks_of,
    unlike,
    untold,
)
from bench.gate.trials import MethodTrials
from bench.margins import GateMargins

__all__ = ["Memory", "memory_cells"]

_MORE = "; run 3 seeds: a step that compiles or reads anew takes more once"
_UNTOLD = {
    PARAMETERS: "tells no number of parameters; have it count them again (self.details in fit), or make the base anew",
    PEAK: "did not measure it; run CANDIDATE again with --rerun all",
}


class Memory(NamedTuple):
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def memory_cells(methods: Sequence[MethodTrials], margins: GateMargins) -> Memory:
    """Cells for each method, of which all trials are there: of its parameters where BASE counted them, of its peak where both
    measured it under the same conditions. What CANDIDATE no longer tells is incomplete. What can't be compared is told of
    in a note and is no cell: another machine is no fault of the candidate."""
    cells = [*_parameters(methods, margins), *_peaks(methods, margins)]
    return Memory(tuple(cells), tuple(_notes(methods)))


def _parameters(methods: Sequence[MethodTrials], margins: GateMargins) -> Iterator[Cell]:
    """A count, the same on any machine: by the largest change, since tables follow each seed's training rows."""
    for one in methods:
        sizes, margin = counts_of(one), _margin(one, PARAMETERS, margins)
        if lost := untold(sizes):
            yield _incomplete(one, PARAMETERS, lost)
        elif both := known(sizes):
            yield _cell(one, PARAMETERS, both, margin, *_of_counts(_changes(both), margin))


def _peaks(methods: Sequence[MethodTrials], margins: GateMargins) -> Iterator[Cell]:
    """By the median over seeds, which one step that compiles does not move; `regressed` where every seed is beyond."""
    for one in methods:
        sizes, margin = peaks_of(one), _margin(one, PEAK, margins)
        if unlike(one):
            continue
        if lost := untold(sizes):
            yield _incomplete(one, PEAK, lost)
        elif (both := known(sizes)) and len(both) == len(sizes):
            yield _cell(one, PEAK, both, margin, *_of_peaks(_changes(both), margin))


def _of_counts(changes: Sequence[float], margin: float) -> tuple[Verdict, str]:
    if max(changes) <= margin:
        return "ok", "a count, within the margin"
    if math.isinf(max(changes)):
        return "regressed", "a count that was 0: a margin relative to that allows nothing"
    return "regressed", "a count, beyond the margin"


def _of_peaks(changes: Sequence[float], margin: float) -> tuple[Verdict, str]:
    if median(changes) <= margin:
        return "ok", "the median over seeds is within the margin"
    many = len(changes) > 1
    if many and min(changes) > margin:
        return "regressed", "larger by more than the margin in every seed"
    what = "larger by more than the margin in some seeds alone" if many else "one seed"
    return "inconclusive", what + _MORE


def _changes(sizes: Known) -> list[float]:
    """Relative to the base; from nothing to something it is infinite."""
    return [
        candidate / base - 1 if base else (math.inf if candidate else 0.0)
        for base, candidate in sizes
    ]


def _margin(one: MethodTrials, measure: str, margins: GateMargins) -> float:
    margin = margins.margin("memory", measure, *one.place)
    assert margin is not None, "there is always one of memory"
    return margin


def _cell(
    one: MethodTrials, measure: str, sizes: Known, margin: float, verdict: Verdict, reason: str
) -> Cell:
    changes = _changes(sizes)
    return Cell(
        "memory",
        *one.place,
        measure,
        verdict,
        reason,
        base=median(base for base, _ in sizes),
        candidate=median(candidate for _, candidate in sizes),
        change=_finite(median(changes)),
        low=_finite(min(changes)),
        high=_finite(max(changes)),
        margin=margin,
    )


def _finite(change: float) -> float | None:
    return change if math.isfinite(change) else None


def _incomplete(one: MethodTrials, measure: str, seeds: Sequence[int]) -> Cell:
    which = ", ".join(map(str, seeds))
    return Cell(
        "memory",
        *one.place,
        measure,
        "incomplete",
        f"seed {which}: BASE has a figure and CANDIDATE {_UNTOLD[measure]}",
    )


def _notes(methods: Sequence[MethodTrials]) -> Iterator[str]:
    unalike = dict.fromkeys(what for one in methods for what in unlike(one))
    if unalike:
        yield (
            "Peak memory is judged of runs computed alike, and is not where what differs is "
            f"{', '.join(unalike)}."
        )
    cached = [one for one in methods if is_measured_once(one)]
    if cached:
        yield (
            f"Peak memory of {_many(cached)} was not measured anew: both runs took the step from one cache, with its costs. "
            "Run CANDIDATE again with --rerun all to have it judged."
        )
    unmeasured = [
        one for one in methods if one not in cached and len(known(peaks_of(one))) < len(one.pairs)
    ]
    if unmeasured:
        yield (
            f"Peak memory of {_many(unmeasured)} was not measured in both runs: a step has to have a process of its own "
            "(`--executor local`)."
        )
    uncounted = [one for one in methods if is_counted_anew(counts_of(one))]
    if uncounted:
        yield (
            f"CANDIDATE alone tells how many parameters {_many(uncounted)} had: make the base anew to have them judged."
        )


def _many(methods: Sequence[MethodTrials]) -> str:
    return "1 method" if len(methods) == 1 else f"{len(methods)} methods"
