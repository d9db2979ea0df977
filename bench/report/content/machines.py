"""The kinds of machine that measured what records say of cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.job.environment import MACHINE

__all__ = ["Machine", "machines_of", "workers_of"]

Record = Mapping[str, Any]
Machine = tuple[tuple[str, str], ...]


def machines_of(records: Iterable[Record]) -> tuple[Machine, ...]:
    """Distinct ones in the order in which they are met: of each record that of its own step, then those of other steps whose
    cost is in its total. None of a record that names none."""
    environments = (one for record in records for one in _environments(record))
    return tuple(filter(None, dict.fromkeys(map(_machine, environments))))


def workers_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Names of the hosts that an executor had steps done by."""
    told = (environment.get("worker") for one in records for environment in _environments(one))
    return tuple(dict.fromkeys(str(name) for name in told if name))


def _environments(record: Record) -> Iterable[Mapping[str, Any]]:
    own = record.get("environment")
    if not isinstance(own, Mapping):
        return
    yield own
    others = own.get("others")
    listed = others if isinstance(others, list) else ()
    yield from (one for one in listed if isinstance(one, Mapping))


def _machine(environment: Mapping[str, Any]) -> Machine:
    return tuple(
        (key, str(environment[key])) for key in MACHINE if environment.get(key) is not None
    )
