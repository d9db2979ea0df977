"""Raw tables as a dataset's plugin read them: one canonical form of a column, and the place of a cell that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.errors import DataError

__all__ = ["NUMBER", "Numbers", "RawTable", "as_ids", "as_numbers", "as_text", "counted", "missing_column"]

NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?"  # decimals alone: no words, no separators of thousands
_WHOLE = r"[+-]?\d+"


@dataclass(frozen=True)
class RawTable:
    """A table and what it is called in errors: `attrs["file"]` of the frame if the reader set it, else `name`.

    An index named "line" or "row" numbers the lines or rows of the file, from 1; any other is taken for positions."""

    frame: pd.DataFrame
    name: str

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def file(self) -> str:
        return str(self.frame.attrs.get("file", self.name))

    def place(self, position: int) -> str:
        """Where a row is: `ratings.csv:9` or `ratings.parquet: row 8`."""
        label = self.frame.index[position]
        if self.frame.index.name == "line":
            return f"{self.file}:{label}"
        return f"{self.file}: row {label if self.frame.index.name == 'row' else int(label) + 1}"

    def refuse(self, position: int, column: str, what: str) -> NoReturn:
        raise DataError(f"{self.place(position)}: column {column!r}: {what}")

    def where(self, mask: np.ndarray) -> RawTable:
        """The rows where `mask` holds; they keep their places."""
        return RawTable(self.frame[mask], self.name)

    def column(self, name: str) -> pa.Array:
        """One Arrow array, nulls where missing; text as large_string."""
        try:
            values = pa.array(self.frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(f"{self.file}: column {name!r} mixes types; store it as text or as numbers") from error
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        return _text(values) if _is_text(values.type) else values

    def first(self, mask: Any) -> int | None:
        """Position of the first row where a mask (numpy or Arrow, nulls are false) holds."""
        hits = np.flatnonzero(_as_mask(mask))
        return int(hits[0]) if len(hits) else None


class Numbers(NamedTuple):
    """A column as numbers in its own type; text is int64 where every cell is a whole number, else float64."""

    values: np.ndarray
    missing: np.ndarray  # (n,) bool; `values` is 0 there


def missing_column(name: str, columns: Iterable[str]) -> str:
    """`no column 'raitng'; did you mean 'rating'?`"""
    there = [str(column) for column in columns]
    close = difflib.get_close_matches(name, there, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(map(repr, there[:20]))}"
    return f"no column {name!r}; {hint}"


def as_text(table: RawTable, name: str) -> pa.Array:
    """Categories as text, "" where missing: whole numbers in decimal, strings verbatim. Floats are read as the whole
    numbers they are where no digit can have been lost."""
    values = table.column(name)
    if pa.types.is_floating(values.type):
        values = _exact_floats(table, name, values)
    elif pa.types.is_boolean(values.type):
        values = pc.if_else(values, "True", "False")
    return pc.fill_null(_cast_to_text(table, name, values), "")


def as_ids(table: RawTable, name: str) -> pa.Array:
    """Ids as text, none of them missing and none a fraction."""
    values = table.column(name)
    if pa.types.is_floating(values.type):
        numbers = values.to_numpy(zero_copy_only=False)
        if (row := table.first(~np.isnan(numbers) & (numbers != np.trunc(numbers)))) is not None:
            table.refuse(row, name, f"{numbers[row]} is a fraction, not a whole id; export ids as int64 or text")
    text = as_text(table, name)
    if (row := table.first(pc.equal(text, ""))) is not None:
        table.refuse(row, name, "the id is missing; give every row its user and item, or leave the row out of the file")
    return text


def as_numbers(table: RawTable, name: str, fix: str) -> Numbers:
    """Numbers of a column; DataError with place, first value that is none, their count and the `fix`."""
    values = table.column(name)
    kind = values.type
    if _is_text(kind):
        return _parsed(table, name, values, fix)
    if pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    elif pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise DataError(f"{table.file}: column {name!r} is of type {kind}, not a number; {fix}")
    return _filled(values if not pa.types.is_null(kind) else values.cast(pa.float64()))


def _parsed(table: RawTable, name: str, text: pa.Array, fix: str) -> Numbers:
    missing = _as_mask(pc.equal(pc.fill_null(text, ""), ""))
    trimmed = pc.if_else(pa.array(missing), "0", pc.utf8_trim_whitespace(text))
    bad = ~_as_mask(pc.match_substring_regex(trimmed, f"^{NUMBER}$"))
    if (row := table.first(bad)) is not None:
        table.refuse(row, name, f"{shown(text[row].as_py())} is not a number{counted(bad)}; {fix}")
    return Numbers(_parse(pc.replace_substring_regex(trimmed, r"^\+", "")).to_numpy(zero_copy_only=False), missing)


def _parse(text: pa.Array) -> pa.Array:
    if pc.all(pc.match_substring_regex(text, f"^{_WHOLE}$")).as_py():
        with suppress(pa.ArrowInvalid):  # past 2^63
            return text.cast(pa.int64())
    return text.cast(pa.float64())


def _filled(values: pa.Array) -> Numbers:
    missing = _as_mask(pc.is_null(values, nan_is_null=True))
    zero = pa.scalar(0, pa.int8()).cast(values.type)
    return Numbers(pc.if_else(pa.array(missing), zero, values).to_numpy(zero_copy_only=False), missing)


def _exact_floats(table: RawTable, name: str, values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    digits = np.finfo(numbers.dtype).nmant + 1
    with np.errstate(invalid="ignore"):
        lossy = np.isinf(numbers) | (np.abs(numbers) >= 2.0**digits)
    if (row := table.first(lossy)) is not None:
        what = f"{numbers[row]} is stored as a float, exact only below 2^{digits}: different ids may have become one"
        table.refuse(row, name, f"{what}; export the column as int64 or text")
    present = numbers[~np.isnan(numbers)]
    return values.cast(pa.int64()) if (present == np.trunc(present)).all() else values


def _cast_to_text(table: RawTable, name: str, values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{table.file}: column {name!r} of type {values.type} can't be read as categories") from error


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _text(values: pa.Array) -> pa.Array:
    return values.cast(pa.large_string())


def _as_mask(mask: Any) -> np.ndarray:
    if isinstance(mask, pa.Array):
        mask = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return np.asarray(mask, dtype=bool)


def counted(mask: np.ndarray) -> str:
    """` (17 such rows)`, or nothing where there is but one."""
    return f" ({mask.sum()} such rows)" if mask.sum() > 1 else ""


def shown(value: object) -> str:
    """A value in an error: quoted, controls escaped, at most 40 characters."""
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
