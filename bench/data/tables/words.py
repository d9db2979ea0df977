"""A column as its distinct values, each once, and which of them each row has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.tables.room import windows

__all__ = ["Words", "distinct", "used_words"]

_NULL = -1
_HELD = 2**20  # distinct values of parts that wait to be compared with those of others


class Words(NamedTuple):
    words: pa.Array  # (V,) distinct, in any order; every one is some row's
    codes: np.ndarray  # (n,) int32: the place of each row's word

    def rows_of(self, chosen: np.ndarray) -> np.ndarray:
        """(n,) bool: the rows whose words are chosen (V,)."""
        return np.asarray(chosen[self.codes])

    def rows_with(self, word: str) -> np.ndarray:
        """(n,) bool."""
        return self.rows_of(np.asarray(pc.equal(self.words, word).to_numpy(zero_copy_only=False)))

    def where(self, mask: np.ndarray) -> Words:
        """The rows where `mask` (n,) holds."""
        return _used(self.words, self.codes[mask])

    def of_row(self, row: int) -> str:
        return str(self.words[int(self.codes[row])].as_py())

    def with_words(self, words: pa.Array) -> Words:
        """Other words in the places of these; where two are equal, one stays."""
        encoded = words.dictionary_encode()
        if len(encoded.dictionary) == len(words):
            return Words(words, self.codes)
        return Words(encoded.dictionary, encoded.indices.to_numpy()[self.codes])


def distinct(chunks: Iterable[pa.Array], rows: int) -> Words:
    """Of n `rows` in parts of one type. Where rows are null, so is the last word."""
    codes = np.empty(rows, np.int32)
    known: pa.Array | None = None
    waiting: list[_Part] = []
    start = held = 0
    for chunk in chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        part = _Part(slice(start, start + len(chunk)), encoded.dictionary)
        codes[part.rows] = _codes(encoded)
        waiting.append(part)
        start, held = part.rows.stop, held + len(part.words)
        if held > max(_HELD, len(known or ())):  # in all no more than twice what there is
            known, waiting, held = _merged(known, waiting, codes), [], 0
    return _used(_merged(known, waiting, codes), codes)


def used_words(cells: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same cells; every word of their dictionary is some row's, null where rows are null. Indices are int32."""
    found = _used(cells.dictionary, _codes(cells))
    return pa.DictionaryArray.from_arrays(pa.array(found.codes), found.words)


class _Part(NamedTuple):
    rows: slice
    words: pa.Array  # that their codes number


def _codes(cells: pa.DictionaryArray) -> np.ndarray:
    """(n,) int32, whatever type the indices have."""
    return np.asarray(cells.indices.cast(pa.int32()).fill_null(_NULL).to_numpy())


def _merged(known: pa.Array | None, parts: list[_Part], codes: np.ndarray) -> pa.Array:
    """All words, the `known` ones first, in their order; the codes of the parts' rows come to number them."""
    if not parts:
        return known
    before = [] if known is None else [known]
    encoded = pa.concat_arrays([*before, *(part.words for part in parts)]).dictionary_encode()
    places = encoded.indices.fill_null(_NULL).to_numpy()
    start = len(known or ())
    for part in parts:
        stop = start + len(part.words)
        place = np.append(places[start:stop], np.int32(_NULL))  # the last: of null
        codes[part.rows] = place[codes[part.rows]]
        start = stop
    return encoded.dictionary


def _used(words: pa.Array, codes: np.ndarray) -> Words:
    """Without the words that no row has, and with null as a word where rows are null."""
    used = np.zeros(len(words) + 1, dtype=bool)
    for rows in windows(len(codes)):
        used[codes[rows]] = True
    if used[_NULL]:
        words = pa.concat_arrays([words, pa.nulls(1, words.type)])
    else:
        used = used[:_NULL]
        if used.all():
            return Words(words, codes)
    place = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return Words(words.filter(pa.array(used)), place[codes])
