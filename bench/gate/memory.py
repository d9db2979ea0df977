"""How large a method is in two runs: parameters, and the memory that its own step took at its peak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from bench.compare.conditions import slowing
from bench.gate.model import Cell, Verdict
from bench.gate.trials import MethodTrials
from bench.margins import GateMargins
from bench.records import Record

__all__ = ["Memory", "memory_cells"]

_PEAK, _PARAMETERS = "peak_rss_bytes", "parameters"
_MORE = "; run 3 seeds: a step that compiles or reads anew takes more once"
_Sizes = list[
    tuple[float, float]
]  # of each seed, base and candidate; none where one of them is not known


class Memory(NamedTuple):
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def memory_cells(methods: Sequence[MethodTrials], margins: GateMargins) -> Memory:
    """Cells for each method: of its parameters where both runs counted them, of its peak where both measured it under the same
    conditions. What can't be compared is told of in a note and is no cell: another machine is no fault of the candidate."""
    complete = [one for one in methods if not one.missing]
    cells = [*_parameters(complete, margins), *_peaks(complete, margins)]
    return Memory(tuple(cells), tuple(_notes(complete)))


def _parameters(methods: Sequence[MethodTrials], margins: GateMargins) -> Iterator[Cell]:
    """A count, the same on any machine: by the largest change, since tables follow each seed's training rows."""
    for one in methods:
        sizes = [(_counted(base), _counted(other)) for base, other in one.pairs.values()]
        if known := _known(sizes):
            changes, margin = _changes(known), _margin(one, _PARAMETERS, margins)
            verdict: Verdict = "ok" if max(changes) <= margin else "regressed"
            reason = f"a count, {'within' if verdict == 'ok' else 'beyond'} the margin"
            yield _cell(one, _PARAMETERS, known, margin, verdict, reason)


def _peaks(methods: Sequence[MethodTrials], margins: GateMargins) -> Iterator[Cell]:
    """By the median over seeds, which one step that compiles does not move; `regressed` where every seed is beyond."""
    for one in methods:
        if not _unlike(one) and (known := _known(_peaks_of(one))):
            margin = _margin(one, _PEAK, margins)
            yield _cell(one, _PEAK, known, margin, *_of_peaks(_changes(known), margin))


def _of_peaks(changes: Sequence[float], margin: float) -> tuple[Verdict, str]:
    if median(changes) <= margin:
        return "ok", "the median over seeds is within the margin"
    many = len(changes) > 1
    if many and min(changes) > margin:
        return "regressed", "larger by more than the margin in every seed"
    what = "larger by more than the margin in some seeds alone" if many else "one seed"
    return "inconclusive", what + _MORE


def _changes(sizes: _Sizes) -> list[float]:
    return [candidate / base - 1 for base, candidate in sizes]


def _margin(one: MethodTrials, measure: str, margins: GateMargins) -> float:
    margin = margins.margin("memory", measure, *one.place)
    assert margin is not None, "there is always one of memory"
    return margin


def _cell(
    one: MethodTrials, measure: str, sizes: _Sizes, margin: float, verdict: Verdict, reason: str
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
        change=median(changes),
        low=min(changes),
        high=max(changes),
        margin=margin,
    )


def _notes(methods: Sequence[MethodTrials]) -> Iterator[str]:
    unlike = dict.fromkeys(what for one in methods for what in _unlike(one))
    if unlike:
        yield (
            "Peak memory is judged of runs computed alike, and is not where what differs is "
            f"{', '.join(unlike)}."
        )
    unmeasured = [one for one in methods if not _known(_peaks_of(one))]
    if unmeasured:
        methods_of = "1 method" if len(unmeasured) == 1 else f"{len(unmeasured)} methods"
        yield (
            f"Peak memory of {methods_of} was not measured in both runs: a step has to have a process of its own "
            "(`--executor local`)."
        )


# -- what records have


def _unlike(one: MethodTrials) -> list[str]:
    return [what for pair in one.pairs.values() for what in slowing(*pair)]


def _peaks_of(one: MethodTrials) -> list[tuple[float | None, float | None]]:
    return [(_peak(base), _peak(candidate)) for base, candidate in one.pairs.values()]


def _peak(record: Record) -> float | None:
    """None of a step that shared its process: the peak is of all that this did."""
    if record.get("environment", {}).get("process") == "shared":
        return None
    value = record["cost"]["own"].get(_PEAK)
    return None if value is None else float(value)


def _counted(record: Record) -> float | None:
    """The harness counts those of differentiable plugins; another model may tell its own."""
    value = record.get("details", {}).get(_PARAMETERS)
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_count else None


def _known(sizes: Sequence[tuple[float | None, float | None]]) -> _Sizes:
    known = [(base, other) for base, other in sizes if base and other]
    return known if len(known) == len(sizes) else []
