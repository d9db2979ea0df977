"""The column that orders rows: numbers as they are; dates and times, as text (ISO 8601) or typed, as seconds since 1970.

Equal instants give equal arrays in whatever form they come: int64 seconds where all are whole; else float64 seconds where
none is finer than a microsecond, as the same instants read that are written as decimal numbers; else int64 nanoseconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.iso import ISO, Instant, read_iso
from bench.data.tables.kinds import is_text
from bench.data.tables.numbers import NUMBER, Numbers, as_numbers, complete
from bench.data.tables.plain_numbers import plain_numbers
from bench.data.tables.raw import RawTable, as_mask, counted, shown
from bench.data.tables.text import as_text
from bench.data.tables.words import Words

__all__ = ["OrderColumn", "compared", "order_of", "read_order"]

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIX = "order takes numbers, or dates and times in ISO 8601 like 2021-01-30 or 2021-01-30T18:05:00Z"
_TOLD_APART = 16  # characters of numbers that are never one as float64, where they differ
_ANY_LENGTH = _TOLD_APART + 1
_OTHER = "is not in ISO 8601, as other rows are"


def _give(table: RawTable, name: str) -> str:
    return f"give every row its place in time{table.or_drop(name)}, or leave `order` out"


class OrderColumn(NamedTuple):
    values: np.ndarray  # (n,) int64 or float64
    # of dates and times: what the values count since 1970. "": numbers, of which nobody said what they are
    unit: Literal["", "s", "ns"]


class _Instants(NamedTuple):
    seconds: np.ndarray  # (n,) int64 since 1970, rounded down
    nanoseconds: np.ndarray  # (n,) int64 in [0, 1e9)


def order_of(table: RawTable, name: str) -> np.ndarray:
    """(n,) int64 or float64. DataError, with the place, for what is missing, no number, or not ISO 8601 throughout."""
    return read_order(table, name).values


def read_order(table: RawTable, name: str) -> OrderColumn:
    """`order_of`, and whether the column holds dates and times. DataError as there."""
    is_words = is_text(table.kind(name))
    if is_words and (plain := plain_numbers(table.chunks(name), len(table))):
        values = complete(table, name, Numbers(plain.values, plain.missing), _give(table, name))
        return OrderColumn(_compact(table, name, values, plain.longest), "")
    instants = _instants(table, name, _give(table, name))
    if instants is not None:
        return _canonical(table, name, instants)
    values = complete(table, name, as_numbers(table, name, _FIX), _give(table, name))
    return OrderColumn(_compact(table, name, values, _ANY_LENGTH), "")


def compared(table: RawTable, name: str, to: Instant, fix: str) -> np.ndarray:
    """(n,) int64: -1, 0 or 1 where a row's time is before, at or after `to`. DataError, with the place, for what is missing
    (with the `fix`) or no time."""
    instants = _instants(table, name, fix)
    if instants is None:
        table.refuse_column(
            name, "holds numbers, and is compared with a date or time; compare it with a number"
        )
    seconds = np.sign(instants.seconds - to.seconds)
    return np.asarray(
        np.where(seconds != 0, seconds, np.sign(instants.nanoseconds - to.nanoseconds))
    )


def _instants(table: RawTable, name: str, fix: str) -> _Instants | None:
    """Of a column of dates and times; None of another. `fix`: of a row without one."""
    kind = table.kind(name)
    if pa.types.is_temporal(kind) and _unit(kind):
        return _typed(table, name, table.column(name), fix)
    if is_text(kind):
        text = as_text(table, name)
        return None if _all_numbers(table, name, text) else _parsed(table, name, text, fix)
    return None


def _compact(table: RawTable, name: str, values: np.ndarray, longest: int) -> np.ndarray:
    """int64 where all are whole numbers that float64 tells apart, else float64. `longest`: characters of a cell."""
    if np.issubdtype(values.dtype, np.floating):
        wide = values.astype(np.float64) + 0.0  # -0 is 0
        if longest > _TOLD_APART:
            _refuse_lost_digits(table, name, wide)
        return (
            wide.astype(np.int64)
            if ((wide == np.trunc(wide)) & (np.abs(wide) < 2.0**53)).all()
            else wide
        )
    if (row := table.first(values > np.iinfo(np.int64).max)) is not None:
        table.refuse(row, name, f"{values[row]} is past 2^63")
    return values.astype(np.int64, copy=False)


def _refuse_lost_digits(table: RawTable, name: str, values: np.ndarray) -> None:
    """Text and decimals that differ and are one number as float64 would be ordered by chance."""
    column = table.column(name)
    if pa.types.is_floating(column.type):
        return
    text = column.cast(pa.large_string())
    long = np.flatnonzero(as_mask(pc.greater(pc.utf8_length(text), _TOLD_APART)))
    first: dict[float, Decimal] = {}
    for row in long.tolist():
        number = Decimal(text[row].as_py().strip())
        if first.setdefault(float(values[row]), number) != number:
            what = f"{shown(text[row].as_py())} can't be told from {first[float(values[row])]} as float64"
            table.refuse(row, name, f"{what}; write fewer digits, whole numbers, or ISO 8601")


def _all_numbers(table: RawTable, name: str, text: Words) -> bool:
    """Whether a column of text holds numbers, and not dates. DataError for a cell that is neither."""
    trimmed = pc.utf8_trim_whitespace(text.words)
    numbers = as_mask(pc.match_substring_regex(trimmed, f"^({NUMBER})?$"))
    if numbers.all():
        return True
    dates = as_mask(pc.match_substring_regex(trimmed, ISO))
    if dates.any():
        _refuse_word(table, name, text, ~dates & as_mask(pc.not_equal(text.words, "")), _OTHER)
        return False
    _refuse_word(table, name, text, ~numbers, "is neither a number nor in ISO 8601")
    raise AssertionError("a cell that is no number is refused")


def _unit(kind: pa.DataType) -> int:
    """How many of a type's units a second has; 0 where it is no point in time."""
    if pa.types.is_timestamp(kind):
        return _PER_SECOND[kind.unit]
    return 1 if pa.types.is_date32(kind) else 1000 if pa.types.is_date64(kind) else 0


def _typed(table: RawTable, name: str, values: pa.Array, fix: str) -> _Instants:
    missing = as_mask(pc.is_null(values))
    if (row := table.first(missing)) is not None:
        table.refuse(row, name, f"the value is missing{counted(missing)}; {fix}")
    per_second = _unit(values.type)
    if pa.types.is_date32(values.type):
        seconds = values.cast(pa.int32()).to_numpy().astype(np.int64) * 86_400
        return _Instants(seconds, np.zeros_like(seconds))
    seconds, rest = np.divmod(values.cast(pa.int64()).to_numpy(), per_second)
    return _Instants(seconds, rest * (10**9 // per_second))


def _parsed(table: RawTable, name: str, text: Words, fix: str) -> _Instants:
    """Each distinct text is parsed once."""
    missing = text.rows_with("")
    if (row := table.first(missing)) is not None:
        table.refuse(row, name, f"the value is missing{counted(missing)}; {fix}")
    found = read_iso(pc.utf8_trim_whitespace(text.words))
    _refuse_any(table, name, text, ~found.real, "is no date or time that there is; mend it")
    aware = found.aware
    if aware.any() and not aware.all():
        fix = "give all times one, or none"
        _refuse_any(table, name, text, ~aware, f"has no time zone, and other rows have one; {fix}")
    return _Instants(found.seconds[text.codes], found.nanoseconds[text.codes])


def _refuse_word(table: RawTable, name: str, text: Words, bad: np.ndarray, what: str) -> None:
    """`bad` (V,): of the words."""
    if bad.any():
        row = int(np.flatnonzero(text.rows_of(bad))[0])
        or_drop = table.or_drop_text(name, text.of_row(row))
        _refuse_any(table, name, text, bad, f"{what}; {_FIX}{or_drop}")


def _refuse_any(table: RawTable, name: str, text: Words, bad: np.ndarray, what: str) -> None:
    if bad.any():
        rows = text.rows_of(bad)
        row = int(np.flatnonzero(rows)[0])
        reason, _, fix = what.partition("; ")
        table.refuse(row, name, f"{shown(text.of_row(row))} {reason}{counted(rows)}; {fix}")


def _canonical(table: RawTable, name: str, instants: _Instants) -> OrderColumn:
    seconds, nanoseconds = instants
    if not nanoseconds.any():
        return OrderColumn(seconds, "s")
    if (
        not (nanoseconds % 1000).any() and np.abs(seconds).max() < 2**33
    ):  # whole microseconds below 2^53: all distinct
        return OrderColumn((seconds * 10**6 + nanoseconds // 1000) / 1e6, "s")
    far = np.abs(seconds) > np.iinfo(np.int64).max // 10**9 - 1
    if far.any():
        _refuse_far(table, name, int(np.flatnonzero(far)[0]))
    return OrderColumn(seconds * 10**9 + nanoseconds, "ns")


def _refuse_far(table: RawTable, name: str, row: int) -> NoReturn:
    what = f"{shown(table.column(name)[row].as_py())} is past the years that nanoseconds reach (1678 to 2261)"
    table.refuse(row, name, f"{what}; write whole seconds")
