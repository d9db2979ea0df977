"""Features as numbers: vocabularies, bags and numeric fields, a column at a time."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.encoding.hashing import mix64
from bench.data.tables.numbers import as_numbers
from bench.data.tables.raw import RawTable
from bench.data.tables.room import windows
from bench.data.tables.words import Words, distinct
from bench.data.views.interactions import Bags

__all__ = ["BagCodes", "Vocabulary", "encode_bags", "numeric", "numeric_bits", "vocabulary"]


class Vocabulary(NamedTuple):
    words: pa.Array  # (V,) text in lexicographic order
    codes: np.ndarray  # (n,) int32 in 1..V; 0 is kept for what is unknown


def vocabulary(text: Words) -> Vocabulary:
    """Number the values of a column by their sorted text, from 1."""
    order = pc.sort_indices(text.words).to_numpy()
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.arange(1, len(order) + 1, dtype=np.int32)
    return Vocabulary(text.words.take(pa.array(order)), code[text.codes])


class BagCodes(NamedTuple):
    """Bags of a column: each distinct one once, and which of them a cell holds."""

    words: pa.Array
    which: np.ndarray  # (cells,) int32: position among the distinct bags
    ptr: np.ndarray  # (distinct + 1,) int64
    codes: np.ndarray  # int32, ascending within a bag
    keys: np.ndarray  # (distinct,) uint64, equal where bags are

    def at(self, which: np.ndarray, owner: Literal["user", "item", "row"]) -> Bags:
        """Bags by their positions among the distinct ones, in that order."""
        lengths = np.diff(self.ptr)[which]
        ptr = _pointer(lengths)
        flat = np.repeat(self.ptr[which] - ptr[:-1], lengths) + np.arange(ptr[-1])
        return Bags(owner, ptr, self.codes[flat])


def encode_bags(text: Words, separator: str) -> BagCodes:
    """Split cells into bags. A bag is a set: empty parts and repeated ones don't count."""
    parts = pc.split_pattern(text.words, pattern=separator)
    words, parents = parts.flatten(), pc.list_parent_indices(parts)
    named = pc.not_equal(words, "")
    words = words.filter(named)
    known = vocabulary(distinct([words], len(words)))
    owners = parents.filter(named).to_numpy().astype(np.int64)
    entries = np.unique(owners * (len(known.words) + 1) + known.codes)
    owners, codes = np.divmod(entries, len(known.words) + 1)
    ptr = _pointer(np.bincount(owners, minlength=len(text.words)))
    sums = np.concatenate(
        [np.zeros(1, np.uint64), np.cumsum(mix64(codes.astype(np.uint64)), dtype=np.uint64)]
    )
    keys = sums[ptr[1:]] - sums[ptr[:-1]]  # modulo 2^64, so a sum over the bag alone
    return BagCodes(known.words, text.codes, ptr, codes.astype(np.int32), keys)


def numeric(table: RawTable, column: str) -> np.ndarray:
    """(n,) float32, NaN where missing; DataError for what is not a finite float32."""
    fix = "leave the cell empty where it is missing, or name the column under fields (categorical)"
    numbers = as_numbers(table, column, fix)
    values = np.empty(len(table), np.float32)
    for rows in windows(len(values)):
        with np.errstate(over="ignore"):
            values[rows] = numbers.values[rows].astype(np.float32) + np.float32(0)  # -0 is 0
    if (row := table.first(~np.isfinite(values))) is not None:
        what = (
            "infinite"
            if np.isinf(numbers.values[row])
            else "too large for a numeric field (float32)"
        )
        table.refuse(row, column, f"{numbers.values[row]} is {what}; {fix}")
    values[numbers.missing] = np.nan
    return values


def numeric_bits(values: np.ndarray) -> np.ndarray:
    """float32 as integers that are equal where the values are, NaN included."""
    return np.where(np.isnan(values), np.float32(np.nan), values).view(np.uint32)


def _pointer(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
