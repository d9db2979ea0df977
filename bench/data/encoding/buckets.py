"""Values of a categorical field hashed into so many buckets, for fields of more values than there is room for.

The hash of a text is that of its UTF-8 bytes: h = mix64(length), then h = mix64(h XOR word) for each eight bytes of it, as a
little-endian number, zeros after the last; mix64 is splitmix64's finaliser (Steele, Lea, Flood 2014). Its bucket is h modulo
their number. It hangs on nothing else: neither on other values, nor on machine or version."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.encoding.hashing import mix64
from bench.data.tables.kinds import is_text
from bench.data.tables.raw import RawTable
from bench.data.tables.text import as_text
from bench.data.tables.words import Words

__all__ = ["Hashed", "buckets_of", "hashed", "hashed_words"]

_WORD = 8  # bytes


def buckets_of(texts: pa.Array, buckets: int) -> np.ndarray:
    """(V,) int32 in [0, buckets), of large_string without nulls."""
    lengths = pc.binary_length(texts).to_numpy()
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts)]
    words = _words(texts.buffers()[2])
    hashes = mix64(lengths.astype(np.uint64))
    left = np.flatnonzero(lengths)
    for start in range(0, int(lengths.max(initial=0)), _WORD):
        left = left[lengths[left] > start]
        word = words[offsets[left] + start].astype(np.uint64)
        spare = np.maximum(_WORD - (lengths[left] - start), 0).astype(np.uint64)  # bytes of others
        word &= np.uint64(2**64 - 1) >> (spare * np.uint64(8))
        hashes[left] = mix64(hashes[left] ^ word)
    return (hashes % np.uint64(buckets)).astype(np.int32)


class Hashed(NamedTuple):
    buckets: np.ndarray  # (n,) int32 from 0
    missing: np.ndarray  # (n,) bool; a missing value is the empty text


def hashed(table: RawTable, column: str, buckets: int) -> Hashed:
    """A column, read a part at a time: what is distinct in one part is held at once."""
    kind = table.kind(column)
    if not (is_text(kind) or pa.types.is_integer(kind)):
        return hashed_words(as_text(table, column), buckets)
    found = Hashed(np.empty(len(table), np.int32), np.empty(len(table), dtype=bool))
    start = 0
    for chunk in table.chunks(column):
        part = slice(start, start + len(chunk))
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        texts = pc.fill_null(encoded.dictionary.cast(pa.large_string()), "")
        texts = pa.concat_arrays([texts, pa.array([""], pa.large_string())])  # of null
        codes = encoded.indices.fill_null(len(texts) - 1).to_numpy()
        found.buckets[part] = buckets_of(texts, buckets)[codes]
        found.missing[part] = _is_empty(texts)[codes]
        start = part.stop
    return found


def hashed_words(text: Words, buckets: int) -> Hashed:
    return Hashed(buckets_of(text.words, buckets)[text.codes], text.rows_with(""))


def _is_empty(texts: pa.Array) -> np.ndarray:
    return np.asarray(pc.equal(texts, "").to_numpy(zero_copy_only=False))


def _words(content: pa.Buffer | None) -> np.ndarray:
    """The eight bytes from each byte on, as little-endian numbers."""
    padded = np.zeros((content.size if content else 0) + _WORD, np.uint8)
    if content:
        padded[: content.size] = np.frombuffer(content, np.uint8)
    return np.ndarray(len(padded) - _WORD + 1, "<u8", padded.data, strides=(1,))
