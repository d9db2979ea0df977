"""How much memory a method's own step took at its peak, in two runs on machines that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.compare.conditions import slowing
from bench.gate.model import Cell, Verdict
from bench.gate.trials import MethodTrials
from bench.margins import GateMargins
from bench.records import Record

__all__ = ["Memory", "memory_cells"]

_PEAK = "peak_rss_bytes"
_MORE = "; run 3 seeds: a step that compiles or reads anew takes more once"


class Memory(NamedTuple):
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def memory_cells(methods: Sequence[MethodTrials], margins: GateMargins) -> Memory:
    """A cell for each method whose peak both runs measured, under the same conditions. Methods that can't be compared are
    told of in a note and are no cells: another machine is no fault of the candidate."""
    complete = [one for one in methods if not one.missing]
    unlike = dict.fromkeys(
        what for one in complete for pair in one.pairs.values() for what in slowing(*pair)
    )
    alike = [one for one in complete if not any(slowing(*pair) for pair in one.pairs.values())]
    measured = [(one, peaks) for one in alike if (peaks := _peaks(one))]
    notes = []
    if unlike:
        notes.append(
            f"Memory is judged of runs computed alike, and is not where what differs is {', '.join(unlike)}."
        )
    if len(measured) < len(alike):
        notes.append(
            f"Memory of {len(alike) - len(measured)} methods was not measured in both runs."
        )
    return Memory(tuple(_cell(one, peaks, margins) for one, peaks in measured), tuple(notes))


def _peaks(one: MethodTrials) -> list[tuple[float, float]]:
    """Of each seed, base and candidate; none where one of them is not known."""
    peaks = [(_peak(base), _peak(candidate)) for base, candidate in one.pairs.values()]
    known = [(base, candidate) for base, candidate in peaks if base and candidate]
    return known if len(known) == len(peaks) else []


def _peak(record: Record) -> float | None:
    value = record["cost"]["own"].get(_PEAK)
    return None if value is None else float(value)


def _cell(one: MethodTrials, peaks: Sequence[tuple[float, float]], margins: GateMargins) -> Cell:
    """By the median over seeds, which one step that compiles does not move; `regressed` where every seed is beyond."""
    margin = margins.margin("memory", _PEAK, *one.place)
    assert margin is not None, "there is always one of memory"
    changes = [candidate / base - 1 for base, candidate in peaks]
    change, low, high = median(changes), min(changes), max(changes)
    many = len(peaks) > 1
    verdict: Verdict
    if change <= margin:
        verdict, reason = "ok", "the median over seeds is within the margin"
    elif many and low > margin:
        verdict, reason = "regressed", "larger by more than the margin in every seed"
    else:
        verdict = "inconclusive"
        reason = (
            "larger by more than the margin in some seeds alone" if many else "one seed"
        ) + _MORE
    return Cell(
        "memory", *one.place, _PEAK, verdict, reason,
        median(base for base, _ in peaks), median(other for _, other in peaks),
        change, low, high, margin,
    )  # fmt: skip
