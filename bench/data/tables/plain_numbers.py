"""Text of plain decimals as numbers: what most files have, with neither a regular expression nor a Python object a cell.

Only digits, points and minus signs pass, and no whole numbers past 2^63: of these Arrow's casts take what `numbers` takes, and
give what it gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["PlainNumbers", "plain_numbers"]

_PLAIN = b"0123456789.-"


class PlainNumbers(NamedTuple):
    values: np.ndarray  # (n,) int64 where all cells are whole numbers, else float64
    missing: np.ndarray  # (n,) bool, of empty cells and null; `values` is 0 there
    longest: int  # characters of the longest cell


class _Cells(NamedTuple):
    values: np.ndarray  # (m,) int64 or float64
    missing: np.ndarray  # (m,) bool
    longest: int


def plain_numbers(chunks: Iterable[pa.Array], rows: int) -> PlainNumbers | None:
    """Of n `rows` of large_string, or of a dictionary of it, in parts; None where a cell is anything else."""
    values, missing = np.empty(rows, np.int64), np.empty(rows, dtype=bool)
    start = longest = 0
    for chunk in chunks:
        cells = _of_chunk(chunk)
        if cells is None:
            return None
        part = slice(start, start + len(chunk))
        if values.dtype != cells.values.dtype and values.dtype == np.int64:
            values = values.astype(np.float64)  # rounds as the text would
        values[part], missing[part] = cells.values, cells.missing
        start, longest = part.stop, max(longest, cells.longest)
    return PlainNumbers(values, missing, longest)


def _of_chunk(chunk: pa.Array) -> _Cells | None:
    if not pa.types.is_dictionary(chunk.type):
        return _parsed(chunk)
    of_word = _parsed(chunk.dictionary)
    if of_word is None:
        return None
    # that of null is the last
    codes = chunk.indices.fill_null(len(chunk.dictionary)).to_numpy()
    values = np.append(of_word.values, of_word.values.dtype.type(0))[codes]
    return _Cells(values, np.append(of_word.missing, True)[codes], of_word.longest)


def _parsed(text: pa.Array) -> _Cells | None:
    text = text.fill_null("")
    lengths = pc.binary_length(text)
    content = _characters(text)
    if content.translate(None, _PLAIN):
        return None
    missing = pc.equal(lengths, 0)
    filled = pc.if_else(missing, "0", text)
    try:
        values = filled.cast(pa.float64() if b"." in content else pa.int64())
    except pa.ArrowInvalid:
        return None
    longest = pc.max(lengths).as_py() or 0
    return _Cells(values.to_numpy(), missing.to_numpy(zero_copy_only=False), longest)


def _characters(text: pa.Array) -> bytes:
    """All of them, in UTF-8."""
    _, offsets, content = text.buffers()
    if content is None or not len(text):
        return b""
    ends = np.frombuffer(offsets, np.int64)[text.offset :]
    return bytes(memoryview(content)[int(ends[0]) : int(ends[len(text)])])
