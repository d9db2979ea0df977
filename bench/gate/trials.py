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
    not complete; empty where they are. `one_sided`: seeds that one run was asked for and the other was not."""

    place: Place
    pairs: Mapping[int, tuple[Record, Record]]
    missing: str = ""
    one_sided: tuple[int, ...] = ()


def trials_of_methods(base: Run, candidate: Run, comparison: Comparison) -> list[MethodTrials]:
    """Of every method that one of the runs was asked for, in the order of BASE, then of CANDIDATE. Bounds are no methods."""
    ours, theirs = _asked(base), _asked(candidate)
    absent: dict[Place, dict[int, str]] = {}
    for one in comparison.absent:
        place = Place(one.dataset, one.protocol, one.method)
        absent.setdefault(place, {})[one.seed] = one.reason
    return [
        _trials(place, ours.get(place, {}), theirs.get(place, {}), absent.get(place, {}))
        for place in {**ours, **theirs}
    ]


_Records = Mapping[int, Record | None]  # by seed; None: it was asked for and is not there


def _asked(run: Run) -> dict[Place, dict[int, Record | None]]:
    """A part of a suite may have been run: what nobody asked for is no trial here."""
    records = {record["id"]: record for record in run.records}
    found: dict[Place, dict[int, Record | None]] = {}
    for line in run.manifest["trials"]:
        if line["kind"] != _BOUND and line.get("asked", True):
            place = Place(line["dataset"], line["protocol"], line["method"])
            found.setdefault(place, {})[line["seed"]] = records.get(line["record"])
    return found


def _trials(
    place: Place, base: _Records, candidate: _Records, absent: Mapping[int, str]
) -> MethodTrials:
    if not base:
        return MethodTrials(place, {}, "not in BASE: run the base anew with this suite")
    if not candidate:
        return MethodTrials(place, {}, next(iter(absent.values()), "not in CANDIDATE"))
    both = base.keys() & candidate.keys()
    pairs = {
        seed: (one, other)
        for seed in sorted(both - absent.keys())
        if (one := base[seed]) is not None and (other := candidate[seed]) is not None
    }
    one_sided = tuple(sorted(base.keys() ^ candidate.keys()))
    return MethodTrials(place, pairs, _missing(pairs, both, absent), one_sided)


def _missing(pairs: Mapping[int, Any], both: set[int], absent: Mapping[int, str]) -> str:
    """Seeds that one run was not asked for are another choice, of which a note tells; all others have to be there."""
    lost = [f"seed {seed}: {reason}" for seed, reason in absent.items() if seed in both]
    if lost:
        return "; ".join(lost)
    return "" if pairs else "the runs have no seed in common; run both with the same seeds"
