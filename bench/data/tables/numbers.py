"""A column as numbers in its own type: nothing is guessed, nothing that is no number becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.kinds import is_text
from bench.data.tables.plain_numbers import plain_numbers
from bench.data.tables.raw import RawTable, as_mask, counted, shown

__all__ = ["NUMBER", "Numbers", "as_numbers", "complete"]

NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?"  # decimals alone: no words, no separators of thousands
_WHOLE = r"[+-]?\d+"


class Numbers(NamedTuple):
    """A column as numbers in its own type; text and decimals are int64 where every cell is a whole number, else float64."""

    values: np.ndarray
    missing: np.ndarray  # (n,) bool; `values` is 0 there


def as_numbers(table: RawTable, name: str, fix: str) -> Numbers:
    """Numbers of a column; DataError with place, first value that is none, their count and the `fix`."""
    kind = table.kind(name)
    if is_text(kind) and (plain := plain_numbers(table.chunks(name), len(table))):
        return Numbers(plain.values, plain.missing)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return _typed(table.chunks(name), kind, len(table))
    values = table.column(name)
    if is_text(kind):
        return _parsed(table, name, values, fix)
    if pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    elif pa.types.is_decimal(kind):
        values = _whole_or_float(values)
    elif pa.types.is_null(kind):
        values = values.cast(pa.float64())
    else:
        table.refuse_column(name, f"is of type {kind}, not a number; {fix}")
    return _typed([values], values.type, len(values))


def complete(table: RawTable, name: str, numbers: Numbers, fix: str) -> np.ndarray:
    """The values, none of them missing or infinite; DataError with the first that is, and the `fix`."""
    if (row := table.first(numbers.missing)) is not None:
        table.refuse(row, name, f"the value is missing{counted(numbers.missing)}; {fix}")
    if np.issubdtype(numbers.values.dtype, np.floating):
        infinite = np.isinf(numbers.values)
        if (row := table.first(infinite)) is not None:
            table.refuse(row, name, f"the value is infinite{counted(infinite)}; {fix}")
    return numbers.values


def _parsed(table: RawTable, name: str, text: pa.Array, fix: str) -> Numbers:
    missing = as_mask(pc.equal(pc.fill_null(text, ""), ""))
    trimmed = pc.if_else(pa.array(missing), "0", pc.utf8_trim_whitespace(text))
    bad = ~as_mask(pc.match_substring_regex(trimmed, f"^{NUMBER}$"))
    if (row := table.first(bad)) is not None:
        word = text[row].as_py()
        or_drop = table.or_drop_text(name, word)
        table.refuse(row, name, f"{shown(word)} is not a number{counted(bad)}; {fix}{or_drop}")
    return Numbers(
        _parse(pc.replace_substring_regex(trimmed, r"^\+", "")).to_numpy(zero_copy_only=False),
        missing,
    )


def _parse(text: pa.Array) -> pa.Array:
    if pc.all(pc.match_substring_regex(text, f"^{_WHOLE}$")).as_py():
        with suppress(pa.ArrowInvalid):  # past 2^63
            return text.cast(pa.int64())
    return text.cast(pa.float64())


def _whole_or_float(decimals: pa.Array) -> pa.Array:
    with suppress(pa.ArrowInvalid):  # a fraction, or past 2^63
        return decimals.cast(pa.int64())
    return decimals.cast(pa.float64())


def _typed(chunks: Iterable[pa.Array], kind: pa.DataType, rows: int) -> Numbers:
    """Of n `rows` of integers or floats in parts; NaN is missing too."""
    values, missing = np.empty(rows, kind.to_pandas_dtype()), np.empty(rows, dtype=bool)
    zero = pa.scalar(0, pa.int8()).cast(kind)
    start = 0
    for chunk in chunks:
        part = slice(start, start + len(chunk))
        lacking = pc.is_null(chunk, nan_is_null=True)
        missing[part] = lacking.to_numpy(zero_copy_only=False)
        values[part] = pc.if_else(lacking, zero, chunk).to_numpy(zero_copy_only=False)
        start = part.stop
    return Numbers(values, missing)
