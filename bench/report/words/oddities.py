"""What `bench.data.oddities` found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.report.words.figures import number
from bench.report.words.names import short

__all__ = ["largest", "odd_sentences"]

_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def largest(found: Mapping[str, Any]) -> str:
    """`'a99f214a': 1,234 rows (83.0%)`."""
    return f"{short(str(found['id']))!r}: {found['rows']:,} rows ({found['share']:.1%})"


def odd_sentences(facts: Mapping[str, Any]) -> Iterator[str]:
    """Of a dataset's facts, as a manifest or `bench data info` has them; none of an older run's."""
    if times := facts.get("odd_times"):
        yield from _times(times, short(str(facts.get("order", "order"))))
    for owner in ("user", "item"):
        found = facts.get(f"largest_{owner}")
        if found and found["stands_out"]:
            yield (
                f"One {owner}, {short(str(found['id']))!r}, has {found['share']:.0%} of all rows ({found['rows']:,}). Where "
                f"it stands for ids that are missing, {_left_out(str(found['id']), owner)}: they are no history of one."
            )


def _left_out(identity: str, owner: str) -> str:
    """How a `table` leaves out the rows of an id; of one that is too long to show, or that no quotes hold, the file does."""
    quote = next((mark for mark in "'\"" if mark not in identity), "")
    if not quote or short(identity) != identity:
        return "leave its rows out of the file"
    rule = f"drop: COLUMN is {quote}{identity}{quote}"
    return f"leave its rows out by `{rule}` (COLUMN: that of {owner}s)"


def _times(times: Mapping[str, Any], column: str) -> Iterator[str]:
    """Rules: see `bench.data.oddities.odd_times`."""
    parts = []
    if times["before"]:
        parts.append(
            f"{_rows(times['before'])} before 1990 (the earliest: {_value(times, 'earliest')})"
        )
    if times["after"]:
        parts.append(
            f"{_rows(times['after'])} more than a year ahead (the latest: {_value(times, 'latest')})"
        )
    unit = _UNITS[times["unit"]]
    yield f"Times in {column}, read as {unit} since 1970, that can't be: {' and '.join(parts)}."
    for other, rows in times["other_units"].items():
        real = f"{_rows(rows)} would be real in {_UNITS[other]}"
        yield f"{real}: {column} mixes two units, so its order is wrong; mend the file."


def _rows(count: int) -> str:
    return f"{number(count)} row{'s' * (count != 1)}"


def _value(times: Mapping[str, Any], which: str) -> str:
    """As in the data, and its day where the calendar has it."""
    value = times[which]
    try:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            seconds=value / _PER_SECOND[times["unit"]]
        )
    except OverflowError:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"{value:g}, {day.date()}" if isinstance(value, float) else f"{value}, {day.date()}"
