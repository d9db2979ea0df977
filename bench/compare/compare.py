"""Two runs, trial by trial: is the candidate worse than the base?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.compare.checks import check_comparable
from bench.compare.code import changes_of_code, unknown_code
from bench.compare.conditions import changes_of_conditions, slowing
from bench.compare.files import changes_of_files
from bench.compare.measured import once
from bench.compare.model import Absence, Comparison, Difference, Pair, Verdict
from bench.compare.pools import Pools, change_of_pool
from bench.compare.settings import change_of_settings
from bench.evaluate import HIGHER_IS_BETTER
from bench.job.outcome import of_record
from bench.records import Record, Run

__all__ = ["DEFAULT_TOLERANCE", "compare"]

DEFAULT_TOLERANCE = 1e-6  # of metrics that `gate: {tolerance: ...}` of the base doesn't name
Key = tuple[str, str, str, int]


def compare(base: Run, candidate: Run) -> Comparison:
    """Pair the trials of two runs by dataset, protocol, method and seed, and judge every metric of the base by the base's
    tolerance: worse by more than it has regressed. A metric whose direction is unknown regresses by any such change. Bounds
    are shown and never judged: their AUC falls where base models get better or more alike.

    Raises CompareError where data, split or a metric's version differ between two trials of one name."""
    ours, theirs = _trials(base), _trials(candidate)
    never = _not_asked(base), _not_asked(candidate)
    neither = {key for key in never[0] if key in never[1] or key not in theirs}
    both = [(key, ours[key], theirs[key]) for key in ours if key in theirs]
    check_comparable(
        (one, other) for _, one, other in both if one is not None and other is not None
    )
    good = [
        (key, one, other) for key, one, other in both if one and other and _ok(one) and _ok(other)
    ]
    found = [(one, other) for _, one, other in good]
    timed = [(one, other) for one, other in found if not once(one, other)]
    alike = [(one, other) for one, other in timed if not slowing(one, other)]
    pools = Pools(base), Pools(candidate)
    pairs = tuple(_pair(key, one, other, base.manifest, pools) for key, one, other in good)
    return Comparison(
        pairs=pairs,
        absent=tuple(
            _absence(key, ours, theirs)
            for key in ours
            if not (_ok(ours[key]) and _ok(theirs.get(key))) and key not in neither
        ),
        added=tuple(dict.fromkeys(key[2] for key in theirs if key not in ours)),
        cpu_ratio=_ratio([(_cpu(one), _cpu(other)) for one, other in alike]),
        code=changes_of_code(found),
        conditions=changes_of_conditions(found),
        cpu_unlike=tuple(dict.fromkeys(what for pair in timed for what in slowing(*pair))),
        cpu_once=len(found) - len(timed),
        code_unknown=unknown_code(found),
        files=changes_of_files(found),
        not_asked=(len(never[0]), len(never[1])),
    )


def _trials(run: Run) -> dict[Key, Record | None]:
    """Every trial of a run by its names; None where it has no record."""
    records = {record["id"]: record for record in run.records}
    return {_key(trial): records.get(trial["record"]) for trial in run.manifest["trials"]}


def _not_asked(run: Run) -> set[Key]:
    """Trials of a run's suite that no command asked for."""
    return {_key(trial) for trial in run.manifest["trials"] if not trial.get("asked", True)}


def _pair(
    key: Key,
    base: Record,
    candidate: Record,
    manifest: Mapping[str, Any],
    pools: tuple[Pools, Pools],
) -> Pair:
    settings_change = change_of_settings(base, candidate)
    primary = manifest.get("primary", "logloss")  # first, as in a report
    return Pair(
        *key,
        kind=base["kind"],
        differences=tuple(
            _difference(
                metric,
                score["value"],
                candidate["metrics"].get(metric, {}).get("value"),
                manifest,
                judged=base["kind"] != "bound",
            )
            for metric, score in sorted(base["metrics"].items(), key=lambda one: one[0] != primary)
        ),
        cpu_ratio=None
        if slowing(base, candidate) or once(base, candidate)
        else _ratio([(_cpu(base), _cpu(candidate))]),
        same_settings=not settings_change,
        settings_change=settings_change,
        pool_change=change_of_pool(pools[0].of(base), pools[1].of(candidate)),
    )


def _difference(
    metric: str,
    base: float | None,
    candidate: float | None,
    manifest: Mapping[str, Any],
    *,
    judged: bool,
) -> Difference:
    tolerance = manifest["tolerance"].get(metric, DEFAULT_TOLERANCE)
    change = None if base is None or candidate is None else candidate - base
    higher = (HIGHER_IS_BETTER | manifest.get("higher_is_better", {})).get(metric)
    verdict = (
        _of_undefined(base, candidate) if change is None else _verdict(change, tolerance, higher)
    )
    return Difference(
        metric, base, candidate, change, tolerance, verdict if judged else "not judged", higher
    )


def _verdict(change: float, tolerance: float, higher_is_better: bool | None) -> Verdict:
    if abs(change) <= tolerance:
        return "same"
    return (
        "better" if higher_is_better is not None and (change > 0) == higher_is_better else "worse"
    )


def _of_undefined(base: float | None, candidate: float | None) -> Verdict:
    """A figure that was lost is a regression; one that was won is none."""
    if base is None:
        return "same" if candidate is None else "better"
    return "worse"


# -- what can't be compared


def _absence(
    key: Key, base: Mapping[Key, Record | None], candidate: Mapping[Key, Record | None]
) -> Absence:
    if key not in candidate:
        return Absence(*key, f"not in CANDIDATE{_renamed(key, base, candidate)}")
    return Absence(*key, f"{_state(base[key])} in BASE, {_state(candidate[key])} in CANDIDATE")


def _renamed(
    key: Key, base: Mapping[Key, Record | None], candidate: Mapping[Key, Record | None]
) -> str:
    """The name under which the candidate has a trial of the same settings, if there is one."""
    settings = (base[key] or {}).get("identity", {}).get("settings")
    for other, record in candidate.items():
        alike = other not in base and (*other[:2], other[3]) == (*key[:2], key[3])
        if (
            alike
            and settings
            and record is not None
            and record["identity"].get("settings") == settings
        ):
            return f"; it has {other[2]!r} with the same settings: renamed?"
    return ""


def _state(record: Record | None) -> str:
    return "missing" if record is None else of_record(record).label


def _ok(record: Record | None) -> bool:
    return record is not None and of_record(record).ok


# -- time


def _cpu(record: Record) -> float | None:
    own = record["cost"]["own"]
    train, predict = own.get("train_cpu_s"), own.get("predict_cpu_s")
    return None if train is None or predict is None else float(train + predict)


def _ratio(seconds: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Candidate over base, of those that both measured."""
    known = [
        (base, candidate)
        for base, candidate in seconds
        if base is not None and candidate is not None
    ]
    base = sum(base for base, _ in known)
    return sum(candidate for _, candidate in known) / base if base else None


def _key(trial: Mapping[str, Any]) -> Key:
    return trial["dataset"], trial["protocol"], trial["method"], trial["seed"]
