"""Which records of two runs say the most of how the runs differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from bench.job.outcome import of_record
from bench.records import Record, Run

__all__ = ["Paired", "paired"]


class Paired(NamedTuple):
    """`by_name`: records of trials, or methods, of one name. Others have nothing in common but their kind, so that what one of
    them lacks is no difference."""

    pairs: tuple[tuple[Record, Record], ...]
    by_name: bool


def paired(base: Run, other: Run) -> Paired:
    """Trials of one name; where there are none (other data sets, other seeds), methods of one name; else records of a kind."""
    for key in (_trial, _method, _kind):
        ours, theirs = _by(base, key), _by(other, key)
        if pairs := tuple((ours[one], theirs[one]) for one in ours if one in theirs):
            return Paired(pairs, key is not _kind)
    return Paired((), by_name=True)


def _by(run: Run, key: Callable[[Record], Any]) -> dict[Any, Record]:
    """The first record of each key that has a result."""
    found: dict[Any, Record] = {}
    for record in run.records:
        if of_record(record).ok:
            found.setdefault(key(record), record)
    return found


def _trial(record: Record) -> Any:
    trial = record["trial"]
    return trial["dataset"], trial["protocol"], trial["method"], trial["seed"]


def _method(record: Record) -> Any:
    return record["trial"]["method"], record["kind"]


def _kind(record: Record) -> Any:
    return record["kind"]
