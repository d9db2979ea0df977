"""Metrics of two runs, cell by cell: worse by more than the margin, beyond chance?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bench.evaluate import LEVEL, SAME_FIGURE
from bench.evaluate.inference.holm import holm
from bench.evaluate.inference.margins import Worsening, settling, worsening
from bench.evaluate.inference.paired import parts
from bench.gate.evidence import BASE, CANDIDATE, Evidence
from bench.gate.model import Cell
from bench.gate.trials import MethodTrials
from bench.margins import RELATIVE_QUALITY, GateMargins
from bench.records import Record

__all__ = ["Quality", "quality_cells"]

EQUAL = "equal in every metric and seed"
_ONE_SEED = "one seed: what another training would give is unknown"
_NOTHING_ELSE = (
    "nor is any other: nothing is judged here; give the suite a metric that is defined, logloss say"
)
_RUN_MORE = "; run 3 seeds (seeds: [0, 1, 2])"
_MORE_USERS = "; give the suite more test users"
_WITHOUT_TRAINING = (
    "predictions"  # the base model of scores from a file: a second seed would give the same
)


class Quality(NamedTuple):
    """`undefined`: of figures that neither run has, where and why; they are no cells."""

    cells: tuple[Cell, ...]
    undefined: tuple[str, ...]


class _Tested(NamedTuple):
    """A cell whose verdict waits for the others: Holm's adjustment is over all of them."""

    cell: Cell
    found: Worsening
    margin: float
    users: int
    seeds: int
    trained: bool


def quality_cells(
    methods: Sequence[MethodTrials],
    metrics: Sequence[str],
    margins: GateMargins,
    evidence: Evidence,
) -> Quality:
    """A cell for each metric of each method, of which all trials are there. What is equal was not tested, and is not counted
    by Holm's adjustment; what can't be tested is. A metric that neither run has a figure of is no cell, but where there is
    no other of the method."""
    found: list[Cell | _Tested] = []
    undefined = []
    for one in methods:
        alike = _alike(one, metrics)
        without = {metric: why for metric in metrics if (why := _undefined(one, metric))}
        for metric in metrics:
            if metric not in without:
                found.append(_cell(one, metric, margins, evidence, alike))
            elif len(without) == len(metrics):
                reason = f"{without[metric]}; {_NOTHING_ELSE}"
                found.append(Cell("quality", *one.place, metric, "incomplete", reason))
            else:
                undefined.append(f"{one.place.of_runs} {one.place.method}: {without[metric]}")
    return Quality(tuple(_adjusted(found)), tuple(undefined))


def _cell(
    one: MethodTrials, metric: str, margins: GateMargins, evidence: Evidence, alike: bool
) -> Cell | _Tested:
    values = _values(one, metric)
    known = {seed: (a, b) for seed, (a, b) in values.items() if a is not None and b is not None}
    base, candidate = _mean([a for a, _ in known.values()]), _mean([b for _, b in known.values()])
    cell = Cell("quality", *one.place, metric, "incomplete", "", base, candidate)
    lost = _invalid(one, metric) or _lost(one, metric)
    if lost or base is None or candidate is None:
        return replace(cell, reason=lost)
    margin = margins.margin("quality", metric, *one.place)
    margin = RELATIVE_QUALITY * abs(base) if margin is None else margin
    cell = replace(cell, margin=margin)
    equal = replace(cell, verdict="ok", reason=EQUAL, change=0.0)
    if alike and _tells(one):
        return equal
    resampled = evidence.of(one.place.of_runs, one.place.method, metric, known)
    if isinstance(resampled, str) and alike:
        return equal
    if isinstance(resampled, str):
        return replace(cell, verdict="inconclusive", reason=f"the figures differ, and {resampled}")
    of = parts(resampled, CANDIDATE, BASE, metric)
    if of.same:
        return replace(
            cell, verdict="ok", reason="equal in every seed and resample of users", change=0.0
        )
    higher = resampled.higher_is_better[metric]
    change = -of.difference if higher else of.difference
    if of.users.error is None:
        reason = f"{of.users.reason}{'' if '; ' in of.users.reason else _MORE_USERS}"
        return replace(cell, verdict="inconclusive", reason=reason, change=change)
    tested = worsening(of, margin, higher_is_better=higher)
    cell = replace(cell, change=tested.change, low=tested.low, high=tested.high)
    trained = not all(map(_is_without_training, _records(one)))
    return _Tested(cell, tested, margin, resampled.users, len(known), trained)


# -- verdicts, which hang on all cells


def _adjusted(found: Sequence[Cell | _Tested]) -> Iterator[Cell]:
    untested = sum(isinstance(one, Cell) and one.verdict == "inconclusive" for one in found)
    tested = [one for one in found if isinstance(one, _Tested)]
    every = untested + len(tested)
    beyond, better = (
        iter(holm([*ps, *[1.0] * untested])[: len(tested)])
        for ps in (
            [1.0 if _is_of_one_training(one) else one.found.p_beyond for one in tested],
            [1.0 if _is_of_one_training(one) else one.found.p_better for one in tested],
        )
    )
    for one in found:
        yield (
            one
            if isinstance(one, Cell)
            else _judged(one, next(beyond), next(better), LEVEL / max(1, every))
        )


def _is_of_one_training(one: _Tested) -> bool:
    """Another training may differ as much, whatever changed: users alone tell of this one."""
    return one.trained and one.seeds == 1


def _judged(one: _Tested, p_beyond: float, p_better: float, level: float) -> Cell:
    cell, found, single = one.cell, one.found, _is_of_one_training(one)
    if found.high <= one.margin:
        if p_better < LEVEL:
            reason = "better beyond chance, over users and seeds, among all cells"
            return replace(cell, verdict="better", reason=reason, p=p_beyond)
        reason = f"within the margin; {_ONE_SEED}" if single else "within the margin, beyond chance"
        return replace(cell, verdict="ok", reason=reason, p=None if single else p_beyond)
    if single:
        return replace(cell, verdict="inconclusive", reason=f"{_ONE_SEED}{_RUN_MORE}")
    if p_beyond < LEVEL:
        reason = "worse by more than the margin, beyond chance"
        return replace(cell, verdict="regressed", reason=reason, p=p_beyond)
    asked = LEVEL if found.change <= one.margin else level
    what = "the interval holds the margin"
    if found.p_beyond < LEVEL:
        what = "worse by more than the margin by itself, not among so many cells (Holm)"
    settled = settling(found, one.margin, one.users, one.seeds, asked)
    return replace(cell, verdict="inconclusive", reason=f"{what}; {settled}", p=p_beyond)


# -- figures


def _values(one: MethodTrials, metric: str) -> dict[int, tuple[float | None, float | None]]:
    return {
        seed: (_value(base, metric), _value(candidate, metric))
        for seed, (base, candidate) in one.pairs.items()
    }


def _value(record: Record, metric: str) -> float | None:
    value = _score(record, metric).get("value")
    return None if value is None else float(value)


def _undefined(one: MethodTrials, metric: str) -> str:
    """Of a metric that neither run could compute in any seed, the same on the same rows; what a metric failed to give is
    none of these."""
    if any(value is not None for pair in _values(one, metric).values() for value in pair):
        return ""
    if _invalid(one, metric):
        return ""
    why = next(filter(None, (_score(record, metric).get("reason") for record in _records(one))), "")
    what = f"{metric} is undefined in both runs"
    return f"{what}: {why}" if why else what


def _invalid(one: MethodTrials, metric: str) -> str:
    """Where a metric gave what is no score: in both runs alike, too, since it judges nothing there."""
    for seed, pair in one.pairs.items():
        for who, record in zip(("BASE", "CANDIDATE"), pair, strict=True):
            score = _score(record, metric)
            if score.get("invalid"):
                what = f"seed {seed}: {metric} failed in {who}: {score.get('reason', '')}"
                return f"{what}; mend the metric, and run both anew"
    return ""


def _records(one: MethodTrials) -> Iterator[Record]:
    return (record for pair in one.pairs.values() for record in pair)


def _score(record: Record, metric: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = record["metrics"].get(metric, {})
    return found


def _lost(one: MethodTrials, metric: str) -> str:
    for seed, (base, candidate) in _values(one, metric).items():
        if (base is None) != (candidate is None):
            who, record = ("BASE", 0) if base is None else ("CANDIDATE", 1)
            score = _score(one.pairs[seed][record], metric)
            why = score.get("reason") or f"run {who} anew with the metrics of the other"
            return f"seed {seed}: {who} has no {metric}: {why}"
    return ""


def _alike(one: MethodTrials, metrics: Sequence[str]) -> bool:
    """Whether no figure differs."""
    return all(
        a == b
        or (a is not None and b is not None and abs(a - b) <= SAME_FIGURE * max(abs(a), abs(b)))
        for metric in metrics
        for a, b in _values(one, metric).values()
    )


def _tells(one: MethodTrials) -> bool:
    """One metric may be equal by chance, on few rows; several of them are where the predictions are."""
    return all(
        _defined(base) > 1
        or base.get("blobs", {}).get("logits", "") == other.get("blobs", {}).get("logits")
        for base, other in one.pairs.values()
    )


def _defined(record: Record) -> int:
    return sum(score["value"] is not None for score in record["metrics"].values())


def _is_without_training(record: Record) -> bool:
    settings = record["identity"].get("settings") or {}
    return record["kind"] == "base_model" and settings.get("use") == _WITHOUT_TRAINING


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
