"""Where, and by which versions, two trials were computed. CPU times tell of the code alone where all of that is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.compare.model import ConditionChange
from bench.records import Record

__all__ = ["changes_of_conditions", "slowing"]

_TRAINING = "training"  # which of the harness's ways of training a plugin had
_IDLE = {
    "metaselector-bench",
    "pandas",
    "pyarrow",
    _TRAINING,
    "process",
    "worker",
}  # while a step's clock runs, or what is compared
_NAMES = {"python": "Python", "others": "other machines"}


def changes_of_conditions(
    pairs: Iterable[tuple[Record, Record]],
) -> tuple[ConditionChange, ...]:
    """Processor, cores, system, threads, device, Python, packages: each that differs in some pair."""
    differing: dict[str, list[tuple[str, str]]] = {}
    for base, candidate in pairs:
        for what, values in _differences(base, candidate).items():
            differing.setdefault(what, []).append(values)
    return tuple(
        ConditionChange(_NAMES.get(what, what), _each(base), _each(candidate))
        for what, values in differing.items()
        for base, candidate in [zip(*values, strict=True)]
    )


def slowing(base: Record, candidate: Record) -> tuple[str, ...]:
    """What differs that CPU time hangs on, whatever the code."""
    return tuple(
        _NAMES.get(what, what) for what in _differences(base, candidate) if what not in _IDLE
    )


def _differences(base: Record, candidate: Record) -> dict[str, tuple[str, str]]:
    ours, theirs = _conditions(base), _conditions(candidate)
    told = dict.fromkeys((*ours, *theirs))
    if not {_TRAINING} <= ours.keys() & theirs.keys():
        told.pop(_TRAINING, None)  # a record of before it was told is of no other conditions
    return {
        what: (ours.get(what, ""), theirs.get(what, ""))
        for what in told
        if ours.get(what) != theirs.get(what)
    }


def _conditions(record: Record) -> dict[str, str]:
    recorded = {
        **record.get("versions", {}),
        **record.get("environment", {}),
    }  # plugins add to versions
    return {what: _told(value) for what, value in recorded.items()}


def _told(value: Any) -> str:
    """A list is of other machines, that did steps before."""
    if not isinstance(value, list):
        return str(value)
    machines = (one.values() if isinstance(one, Mapping) else (one,) for one in value)
    return "; ".join(" ".join(map(str, machine)) for machine in machines)


def _each(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(value or "not recorded" for value in values))
