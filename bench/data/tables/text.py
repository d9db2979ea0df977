"""A column as text: categories verbatim, and ids that are one and the same wherever they are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.kinds import is_text
from bench.data.tables.raw import INVISIBLE, RawTable, as_mask, counted, shown
from bench.data.tables.words import Words, distinct
from bench.errors import DataError

__all__ = ["as_ids", "as_text", "look_alikes"]

_AROUND = f"^[{INVISIBLE}]|[{INVISIBLE}]$"
# within an id too; a joiner (U+200C, U+200D) and a space may stand between letters
_WITHIN = (
    r"[\p{Cc}\x{AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}\x{2066}-\x{2069}\x{FEFF}]"
)
_SHORTENED = r"^[+-]?\d\.\d+[eE]\+\d+$"  # how a spreadsheet writes a long number
_POINT_ZERO = r"^([+-]?\d+)\.0+$"


def as_text(table: RawTable, name: str) -> Words:
    """Categories as text, "" where missing: whole numbers in decimal, strings verbatim. Floats and decimals are read as the
    whole numbers they are where no digit can have been lost."""
    found = distinct(_countable(table, name), len(table))
    words = found.words
    if pa.types.is_boolean(words.type):
        words = pc.if_else(words, "True", "False")
    return found.with_words(pc.fill_null(_cast_to_text(table, name, words), ""))


def as_ids(table: RawTable, name: str) -> Words:
    """Ids as text: none missing, none a fraction, and none that looks like another and is not."""
    kind = table.kind(name)
    if pa.types.is_floating(kind):
        values = table.column(name)
        numbers = values.to_numpy(zero_copy_only=False)
        _refuse_fractions(table, name, ~np.isnan(numbers) & (numbers != np.trunc(numbers)), values)
    elif pa.types.is_decimal(kind) and kind.scale > 0:
        values = table.column(name)
        _refuse_fractions(table, name, as_mask(pc.not_equal(values, pc.trunc(values))), values)
    ids = as_text(table, name)
    missing = ids.rows_with("")
    if (row := table.first(missing)) is not None:
        table.refuse(
            row,
            name,
            f"the id is missing{counted(missing)}; give every row its user and item{table.or_drop(name)}, or leave the row "
            "out of the file",
        )
    _refuse_doubtful(table, name, ids)
    return ids


def look_alikes(words: pa.Array) -> tuple[str, str] | None:
    """Two of some distinct words that differ only by spaces or invisible characters around them; None if there are none."""
    around = words.filter(pc.match_substring_regex(words, _AROUND))
    bare = pc.replace_substring_regex(around, f"^[{INVISIBLE}]+|[{INVISIBLE}]+$", "")
    seen = Counter([*bare.to_pylist(), *bare.filter(pc.is_in(bare, words)).unique().to_pylist()])
    pairs = zip(around.to_pylist(), bare.to_pylist(), strict=True)
    return next(((word, plain) for word, plain in pairs if seen[plain] > 1), None)


def _refuse_fractions(table: RawTable, name: str, fractions: np.ndarray, values: pa.Array) -> None:
    if (row := table.first(fractions)) is not None:
        what = f"{values[row].as_py()} is a fraction, not a whole id{counted(fractions)}"
        table.refuse(row, name, f"{what}; export ids as int64 or text")


def _refuse_doubtful(table: RawTable, name: str, ids: Words) -> None:
    """Checked on each distinct id once."""
    words = ids.words
    hidden = as_mask(
        pc.or_(pc.match_substring_regex(words, _AROUND), pc.match_substring_regex(words, _WITHIN))
    )
    invisible = "has a space or an invisible character around or within it"
    _refuse(table, name, ids, hidden, f"{invisible}; remove it, or one id may pass for two")
    short = as_mask(pc.match_substring_regex(words, _SHORTENED))
    _refuse(
        table,
        name,
        ids,
        short,
        "is a long number shortened by a spreadsheet; export ids as text",
    )
    whole = pc.replace_substring_regex(words, _POINT_ZERO, r"\1")
    twice = as_mask(pc.and_(pc.not_equal(whole, words), pc.is_in(whole, words)))
    _refuse(
        table,
        name,
        ids,
        twice,
        "is there without the point too: one id written in two ways; write one",
    )


def _refuse(table: RawTable, name: str, ids: Words, bad: np.ndarray, what: str) -> None:
    if not bad.any():
        return
    rows = ids.rows_of(bad)
    row = int(np.flatnonzero(rows)[0])
    reason, _, fix = what.partition("; ")
    table.refuse(row, name, f"{shown(ids.of_row(row))} {reason}{counted(rows)}; {fix}")


def _countable(table: RawTable, name: str) -> Iterable[pa.Array]:
    """The column in values that are equal where their text is, as it is read."""
    kind = table.kind(name)
    if is_text(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return table.chunks(name)
    values = table.column(name)
    if pa.types.is_floating(kind):
        values = _exact_floats(table, name, values)
    elif pa.types.is_decimal(kind):
        values = _whole_decimals(values)
    return [_cast_to_text(table, name, values)]


def _exact_floats(table: RawTable, name: str, values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    digits = np.finfo(numbers.dtype).nmant + 1
    with np.errstate(invalid="ignore"):
        lossy = np.isinf(numbers) | (np.abs(numbers) >= 2.0**digits)
    if (row := table.first(lossy)) is not None:
        what = f"{numbers[row]} is stored as a float, exact only below 2^{digits}: different ids may have become one"
        table.refuse(row, name, f"{what}; export the column as int64 or text")
    missing = np.isnan(numbers)
    whole = np.trunc(np.where(missing, 0, numbers))
    if (whole == np.where(missing, 0, numbers)).all():
        return pa.array(whole.astype(np.int64), mask=missing)
    return pa.array(
        numbers.astype(np.float32) if numbers.dtype == np.float16 else numbers, mask=missing
    )


def _whole_decimals(values: pa.Array) -> pa.Array:
    with suppress(pa.ArrowInvalid):  # a fraction
        return values.cast(pa.decimal256(76, 0))
    return values


def _cast_to_text(table: RawTable, name: str, values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {table.called(name)!r} of type {values.type} can't be read as categories; store it as text or as numbers",
            file=table.file,
        ) from error
