"""Arrow's types that many of its functions do not take (views, small decimals, runs, extensions), as those that they take."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.kinds import is_bytes

__all__ = ["as_plain"]

_WIDEST = 38  # digits of decimal128


def as_plain(cells: pa.Array) -> pa.Array:
    """The same values; what has no plain form stays as it is."""
    kind = cells.type
    if isinstance(kind, pa.BaseExtensionType):
        # the bytes of a UUID are no text
        return cells if is_bytes(kind.storage_type) else as_plain(cells.storage)
    if pa.types.is_run_end_encoded(kind):
        return _in_words(_runs(cells), cells.values)
    if pa.types.is_dictionary(kind):
        return _in_words(cells.indices, cells.dictionary)
    if pa.types.is_string_view(kind):
        return cells.cast(pa.large_string())
    if pa.types.is_binary_view(kind):
        return cells.cast(pa.large_binary())
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return cells.cast(pa.decimal128(_WIDEST, kind.scale))
    return cells


def _in_words(places: pa.Array, words: pa.Array) -> pa.DictionaryArray:
    plain = as_plain(words)
    if pa.types.is_dictionary(plain.type):
        plain = plain.dictionary_decode()
    return pa.DictionaryArray.from_arrays(places, plain)


def _runs(cells: pa.RunEndEncodedArray) -> pa.Array:
    """(n,) int32: which run each cell is of. Arrow decodes runs of few types, integers among them."""
    numbers = pa.array(np.arange(len(cells.values), dtype=np.int32))
    numbered = pa.RunEndEncodedArray.from_arrays(cells.run_ends, numbers)
    return pc.run_end_decode(numbered[cells.offset : cells.offset + len(cells)])
