"""A column of a frame or of a scanned file, some of its rows, in one canonical form; types that have none are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bench.data.tables.kinds import is_bytes, is_text
from bench.data.tables.plain_types import as_plain
from bench.data.tables.scanned import Scanned
from bench.data.tables.words import used_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UnreadableError", "canonical", "stored_parts"]

_STORE = "store it as text or as numbers"
_MIXED = (pa.ArrowInvalid, pa.ArrowTypeError)
_UNREADABLE = (pa.ArrowNotImplementedError, OverflowError, UnicodeError, ValueError, TypeError)


class UnreadableError(Exception):
    """What is wrong with a column, and the fix."""


def stored_parts(
    table: pd.DataFrame | Scanned, name: str, chosen: np.ndarray | None
) -> Iterator[pa.Array]:
    """The rows of a column that are `chosen` (rows,) bool, None: all; one part at least."""
    if isinstance(table, Scanned):
        return _chosen(table.columns[name], chosen)
    column = table[name]
    if _is_arrow(column):
        return _chosen(_arrow_parts(column), chosen)
    # its cells are filtered as they are: those of other rows may be of other types
    return iter(_arrow_parts(column if chosen is None else column[chosen]))


def canonical(cells: pa.Array) -> pa.Array:
    """Text as large_string, or as a dictionary of it with int32 indices, of which every word is some row's: words that no
    row has say nothing of a column. Else the cells as they are, in no dictionary."""
    if not pa.types.is_dictionary(cells.type):
        return _text(cells) if is_text(cells.type) or is_bytes(cells.type) else cells
    if not (is_text(cells.type.value_type) or is_bytes(cells.type.value_type)):
        return canonical(cells.dictionary_decode())
    cells = used_words(cells)
    return pa.DictionaryArray.from_arrays(cells.indices, _text(cells.dictionary))


def _is_arrow(column: pd.Series) -> bool:
    """Whether its type is Arrow's, and so that of any rows of it."""
    import pandas as pd  # here, since steps on prepared data do without

    return isinstance(column.dtype, pd.ArrowDtype)


def _arrow_parts(column: pd.Series) -> list[pa.Array]:
    try:
        values = pa.array(column, from_pandas=True)
    except _MIXED as error:
        raise UnreadableError(f"mixes types; {_STORE}") from error
    except _UNREADABLE as error:
        raise UnreadableError(f"can't be read ({error}); {_STORE}") from error
    if not isinstance(values, pa.ChunkedArray):
        return [as_plain(values)]
    return [as_plain(part) for part in values.chunks or [values.combine_chunks()]]


def _chosen(parts: Iterable[pa.Array], chosen: np.ndarray | None) -> Iterator[pa.Array]:
    start = 0
    for part in parts:
        stop = start + len(part)
        yield part if chosen is None else _filtered(part, chosen[start:stop])
        start = stop


def _filtered(cells: pa.Array, mask: np.ndarray) -> pa.Array:
    try:
        return cells.filter(pa.array(mask))
    except pa.ArrowNotImplementedError as error:
        raise UnreadableError(f"is of type {cells.type} and can't be read; {_STORE}") from error


def _text(values: pa.Array) -> pa.Array:
    if pa.types.is_fixed_size_binary(values.type):
        values = values.cast(pa.binary())
    try:
        return values.cast(pa.large_string())
    except pa.ArrowInvalid as error:
        raise UnreadableError("is text that is not UTF-8; write it as strings") from error
