"""What both sides have in common, and what one of them lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bench.errors import CompareError
from bench.gate.model import Cell
from bench.gate.speed.blocks import WHOLE, Block, Place, Trial
from bench.gate.speed.schedule import Pair

__all__ = [
    "added",
    "changed_predictions",
    "check_same_work",
    "differences",
    "lacking",
    "lost",
    "shared_methods",
]


def check_same_work(base: Block, candidate: Block) -> None:
    """Raise CompareError where a trial of both is of other data or of another split: the work would be another."""
    for trial in sorted(base.work.keys() & candidate.work.keys()):
        ours, theirs = base.work[trial], candidate.work[trial]
        for what, mine, other in (
            ("data", ours.data, theirs.data),
            ("split", ours.split, theirs.split),
        ):
            if mine != other:
                place = f"{trial.place.dataset!r} under {trial.place.protocol!r}"
                raise CompareError(
                    f"the {what} of {place} differ between BASE and CANDIDATE ({mine[:12]}, {other[:12]}); "
                    "give both the same, with --data-dir say"
                )


def lacking(base: Block, candidate: Block) -> list[Cell]:
    """A cell for each method and figure of the base that can't be judged, since a side has none."""
    cells = [
        _incomplete(place, "", reason) for place, reason in sorted(_faults(base, candidate).items())
    ]
    told = {cell.method for cell in cells}
    gone = base.values.keys() - candidate.values.keys()
    cells += [
        _incomplete(figure.place, figure.measure, "CANDIDATE has no such figure")
        for figure in sorted(gone)
        if figure.place.method not in told and figure.place != WHOLE
    ]
    return cells


def lost(pairs: Sequence[Pair], methods: Sequence[str], first: Block) -> list[Cell]:
    """A cell for each method that had a result in the `first` block, and none in some later one."""
    wanted = {place for place in first.places if place.method in methods}
    found: dict[Place, str] = {}
    for pair in pairs:
        for side, blocks in (("BASE", pair.base), ("CANDIDATE", pair.candidate)):
            for block in blocks:
                for place in wanted - block.places:
                    found[place] = (
                        f"no result in a block of {side} ({block.failed.get(place, 'missing')})"
                    )
    return [_incomplete(place, "", reason) for place, reason in sorted(found.items())]


def _faults(base: Block, candidate: Block) -> Mapping[Place, str]:
    found = {place: f"no result in BASE ({reason})" for place, reason in base.failed.items()}
    for place in base.places:
        if place in candidate.failed:
            found[place] = f"no result in CANDIDATE ({candidate.failed[place]})"
        elif place not in candidate.places:
            found[place] = "not in CANDIDATE's suite"
        elif _seeds(base, place) != _seeds(candidate, place):
            found[place] = "other seeds in CANDIDATE's suite"
    return found


def shared_methods(base: Block, candidate: Block) -> list[str]:
    """Names of methods that have a result wherever the base's suite has them, on both sides."""
    faults = {place.method for place in _faults(base, candidate)} | {
        place.method for place in candidate.failed
    }
    return sorted({place.method for place in base.places} - faults)


def added(base: Block, candidate: Block) -> list[str]:
    """Methods of the candidate alone."""
    known = {place.method for place in (*base.places, *base.failed)}
    return sorted({place.method for place in candidate.places} - known)


def differences(base: Block, candidate: Block) -> list[str]:
    """Versions and settings, a line each."""
    lines = [
        f"{name} {base.versions.get(name, 'none')} in BASE, {candidate.versions.get(name, 'none')} in CANDIDATE"
        for name in sorted(base.versions.keys() | candidate.versions.keys())
        if base.versions.get(name) != candidate.versions.get(name)
    ]
    both = base.work.keys() & candidate.work.keys()
    settings = {t.place.method for t in both if base.work[t].settings != candidate.work[t].settings}
    lines += [f"settings of {method} differ" for method in sorted(settings)]
    predictions = {t.place.method for t in both if base.logits[t] != candidate.logits[t]}
    if predictions:
        lines.append(
            f"predictions of {', '.join(sorted(predictions))} differ; whether they are as good, `bench gate` of two runs says"
        )
    return lines


def changed_predictions(pairs: Sequence[Pair]) -> Mapping[Place, str]:
    """Methods of which a side predicted otherwise in one block than in another, with the reason: it is not known then whether
    the work that was timed is the work that was scored."""
    sides = (
        ("BASE", [b for p in pairs for b in p.base]),
        ("CANDIDATE", [b for p in pairs for b in p.candidate]),
    )
    found: dict[Place, str] = {}
    for side, blocks in sides:
        for trial, digests in _digests(blocks).items():
            if len(digests) > 1:
                found[trial.place] = (
                    f"{side}'s predictions change from run to run (seed {trial.seed}), so that the timed work is not known "
                    "to be the scored work; seed what it draws"
                )
    return found


def _digests(blocks: Iterable[Block]) -> Mapping[Trial, set[str]]:
    found: dict[Trial, set[str]] = defaultdict(set)
    for block in blocks:
        for trial, digest in block.logits.items():
            found[trial].add(digest)
    return found


def _seeds(block: Block, place: Place) -> set[int]:
    return {trial.seed for trial in block.logits if trial.place == place}


def _incomplete(place: Place, measure: str, reason: str) -> Cell:
    return Cell("throughput", *place, measure=measure, verdict="incomplete", reason=reason)
