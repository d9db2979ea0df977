"""Two runs in, a verdict a cell out: quality, and memory where it can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bench.compare import Comparison, compare
from bench.compare.conditions import slowing
from bench.gate.asked import RUN_ASPECTS, aspects_of
from bench.gate.completeness import incomplete_cells
from bench.gate.differs import differs
from bench.gate.evidence import Evidence
from bench.gate.memory import memory_cells
from bench.gate.model import Cell, GateResult
from bench.gate.quality import quality_cells
from bench.gate.trials import MethodTrials, trials_of_methods
from bench.margins import GateMargins
from bench.records import Record, Run

__all__ = ["gate_runs"]

_SHOWN = 3  # methods of a note
_SPEED = "Throughput is not judged here: CPU times of two runs are of two days, once each. `bench gate --speed` measures it."


def gate_runs(base: Run, candidate: Run, aspects: Sequence[str] = RUN_ASPECTS) -> GateResult:
    """Judge CANDIDATE by the margins that BASE's suite states. Raises CompareError where data, split or a metric's version
    differ, and for an aspect that there is none of."""
    asked = aspects_of(aspects)
    comparison = compare(base, candidate)
    margins: GateMargins = GateMargins.model_validate(base.manifest.get("gate", {}))
    methods = trials_of_methods(base, candidate, comparison)
    metrics = _metrics(base, candidate)
    complete = [one for one in methods if not one.missing]
    cells: list[Cell] = list(incomplete_cells(methods, asked, metrics))
    notes = list(_notes(comparison, methods))
    if "quality" in asked:
        quality = quality_cells(complete, metrics, margins, Evidence(base, candidate))
        cells += quality.cells
        notes += [f"{line}." for line in quality.undefined]
    if "memory" in asked:
        memory = memory_cells(complete, margins)
        cells += memory.cells
        notes += memory.notes
    return GateResult(
        str(base.folder),
        str(candidate.folder),
        tuple(cells),
        tuple(differs(comparison)),
        tuple(notes),
    )


def _metrics(base: Run, candidate: Run) -> list[str]:
    """Those that the two suites ask for, in the order of BASE's; RelaImpr is the AUC's."""
    asked: dict[str, None] = {}
    for run in (base, candidate):
        named = run.manifest.get("metrics") or [
            metric for record in run.records for metric in record["metrics"]
        ]
        asked |= dict.fromkeys("auc" if metric == "relaimpr" else metric for metric in named)
    return list(asked)


def _notes(comparison: Comparison, methods: Sequence[MethodTrials]) -> Iterator[str]:
    for name, number in zip(("BASE", "CANDIDATE"), comparison.not_asked, strict=True):
        if number:
            yield f"{name} is a part of its suite: {number} of its trials were never asked for."
    yield from _seeds(methods)
    yield from _not_deterministic(methods)
    if any(len(one.pairs) == 1 and _moved(one) for one in methods):
        yield (
            "With one seed nothing can be said to have regressed or to be better: training again may differ as much. Give "
            "the suite 3 seeds or more."
        )
    yield _SPEED


def _seeds(methods: Sequence[MethodTrials]) -> Iterator[str]:
    alike: dict[tuple[int, ...], list[str]] = {}
    for one in methods:
        if one.one_sided and one.pairs:
            alike.setdefault(one.one_sided, []).append(one.place.method)
    for seeds, names in alike.items():
        told = ", ".join(map(str, seeds))
        yield f"One run alone has seed {told} of {_first(names)}; the seeds that both have are compared."


def _not_deterministic(methods: Sequence[MethodTrials]) -> Iterator[str]:
    """A record's id is the hash of code, settings and data."""
    moved = [
        one.place.method
        for one in methods
        if any(
            base["id"] == other["id"] and not slowing(base, other) for base, other in _moved(one)
        )
    ]
    if moved:
        yield (
            f"{_first(moved)}: other figures from the same code, settings, data, processor and versions. The training is not "
            "deterministic, or hangs on something that no record has."
        )


def _moved(one: MethodTrials) -> list[tuple[Record, Record]]:
    """Pairs whose figures are not the same to the last bit."""
    pairs = one.pairs.values()
    return [(base, other) for base, other in pairs if _figures(base) != _figures(other)]


def _figures(record: dict[str, Any]) -> list[Any]:
    return [score["value"] for score in record["metrics"].values()]


def _first(names: Sequence[str]) -> str:
    named = list(dict.fromkeys(names))
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return f"{', '.join(named[:_SHOWN])}{more}"
