"""Arrow's types that many of its functions do not take (views, small decimals, runs, extensions), as those that they take."""

from __future__ import annotations

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
        return as_plain(pc.run_end_decode(cells))
    if pa.types.is_dictionary(kind):
        words = as_plain(cells.dictionary)
        same = words.type == kind.value_type
        return cells if same else pa.DictionaryArray.from_arrays(cells.indices, words)
    if pa.types.is_string_view(kind):
        return cells.cast(pa.large_string())
    if pa.types.is_binary_view(kind):
        return cells.cast(pa.large_binary())
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return cells.cast(pa.decimal128(_WIDEST, kind.scale))
    return cells
