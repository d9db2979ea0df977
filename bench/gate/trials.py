"""The trials of two runs as a gate judges them: the seeds of one method together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.compare import Comparison
from bench.job.outcome import of_record
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
    not complete, or not known; empty where they are. `one_sided`: seeds that one run was asked for and the other was not."""

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
    disputed = _disputed(base, candidate)
    return [
        _trials(
            place,
            ours.get(place, {}),
            theirs.get(place, {}),
            absent.get(place, {}),
            disputed.get(place, ()),
        )
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


def _disputed(base: Run, candidate: Run) -> dict[Place, list[str]]:
    """Trials of which a folder holds two results: whichever is judged, the other says something else."""
    found: dict[Place, list[str]] = {}
    for name, run in (("BASE", base), ("CANDIDATE", candidate)):
        for trial, files in run.conflicts:
            place = Place(trial["dataset"], trial["protocol"], trial["method"])
            what = f"seed {trial['seed']}: {name} has two results of it ({', '.join(files)})"
            found.setdefault(place, []).append(f"{what}; run {name} anew into an empty folder")
    return found


def _trials(
    place: Place,
    base: _Records,
    candidate: _Records,
    absent: Mapping[int, str],
    disputed: Sequence[str],
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
    lost = {
        seed: f"{reason}{_why(base[seed], candidate[seed])}"
        for seed, reason in absent.items()
        if seed in both
    }
    missing = "; ".join([*_by_seeds(lost), *_failed_alone(base, candidate), *disputed])
    if not (missing or pairs):
        missing = "the runs have no seed in common; run both with the same seeds"
    return MethodTrials(place, pairs, missing, tuple(sorted(base.keys() ^ candidate.keys())))


def _why(base: Record | None, candidate: Record | None) -> str:
    """Of the run that has no result, of CANDIDATE where neither has."""
    records = [record for record in (candidate, base) if record is not None]
    reasons = [of_record(record).reason for record in records if not of_record(record).ok]
    return f" ({reasons[0]})" if reasons else ""


def _by_seeds(reasons: Mapping[int, str]) -> Iterator[str]:
    """What is the same in several seeds is said once."""
    alike: dict[str, list[int]] = {}
    for seed, reason in reasons.items():
        alike.setdefault(reason, []).append(seed)
    for reason, seeds in alike.items():
        yield f"seed {', '.join(map(str, seeds))}: {reason}"


def _failed_alone(base: _Records, candidate: _Records) -> Iterator[str]:
    """A seed that one run was not asked for is another choice, of which a note tells; not so where the other run was asked
    for it in vain."""
    for name, mine, other in (("BASE", base, candidate), ("CANDIDATE", candidate, base)):
        for seed in sorted(mine.keys() - other.keys()):
            record = mine[seed]
            if record is None or not of_record(record).ok:
                state = "missing" if record is None else of_record(record).label
                yield f"seed {seed}: {state} in {name}"
