"""The trials of two runs as a gate judges them: the seeds of one method together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.compare import Comparison
from bench.records import Record, Run

__all__ = ["MethodTrials", "Place", "trials_of_methods"]

_BOUND = "bound"


class Place(NamedTuple):
    """Of a method's figures."""

    dataset: str
    protocol: str
    method: str

    @property
    def of_runs(self) -> str:
        """What a run calls the dataset under the protocol."""
        return f"{self.dataset}/{self.protocol}"


@dataclass(frozen=True)
class MethodTrials:
    """`pairs`: seed to its records in BASE and CANDIDATE, of seeds that both have a result of. `missing`: why the figures are
    not complete; empty where they are. `one_sided`: seeds that one run's suite has and the other's has not."""

    place: Place
    pairs: Mapping[int, tuple[Record, Record]]
    missing: str = ""
    one_sided: tuple[int, ...] = ()


def trials_of_methods(base: Run, candidate: Run, comparison: Comparison) -> list[MethodTrials]:
    """Of every method that one of the runs was asked for, in the order of BASE, then of CANDIDATE. Bounds are no methods."""
    ours, theirs = _lines(base), _lines(candidate)
    absent: dict[Place, dict[int, str]] = {}
    for one in comparison.absent:
        place = Place(one.dataset, one.protocol, one.method)
        absent.setdefault(place, {})[one.seed] = one.reason
    asked = [place for place in {**ours, **theirs} if _is_asked(place, ours, theirs)]
    return [_trials(place, ours, theirs, absent.get(place, {})) for place in asked]


class _Line(NamedTuple):
    asked: bool
    record: Record | None


_Lines = Mapping[Place, Mapping[int, _Line]]


def _lines(run: Run) -> _Lines:
    records = {record["id"]: record for record in run.records}
    found: dict[Place, dict[int, _Line]] = {}
    for line in run.manifest["trials"]:
        if line["kind"] != _BOUND:
            place = Place(line["dataset"], line["protocol"], line["method"])
            record = records.get(line["record"])
            found.setdefault(place, {})[line["seed"]] = _Line(line.get("asked", True), record)
    return found


def _is_asked(place: Place, ours: _Lines, theirs: _Lines) -> bool:
    """A part of a suite may have been run: what neither run was asked for is no figure that is missing."""
    lines: list[_Line] = [*ours.get(place, {}).values(), *theirs.get(place, {}).values()]
    return any(line.asked for line in lines)


def _trials(place: Place, ours: _Lines, theirs: _Lines, absent: Mapping[int, str]) -> MethodTrials:
    base, candidate = ours.get(place, {}), theirs.get(place, {})
    if not base:
        return MethodTrials(place, {}, "not in BASE: run the base anew with this suite")
    if not candidate:
        return MethodTrials(place, {}, next(iter(absent.values()), "not in CANDIDATE"))
    both = base.keys() & candidate.keys()
    pairs = {
        seed: (one, other)
        for seed in sorted(both - absent.keys())
        if (one := base[seed].record) is not None and (other := candidate[seed].record) is not None
    }
    one_sided = {
        seed for seed, line in {**base, **candidate}.items() if seed not in both and line.asked
    }
    return MethodTrials(place, pairs, _missing(pairs, both, absent), tuple(sorted(one_sided)))


def _missing(pairs: Mapping[int, Any], both: set[int], absent: Mapping[int, str]) -> str:
    """Seeds that a suite has and the other has not are another choice, of which a note tells; all others have to be there."""
    lost = [f"seed {seed}: {reason}" for seed, reason in absent.items() if seed in both]
    if lost:
        return "; ".join(lost)
    return "" if pairs else "the runs have no seed in common; run both with the same seeds"
