"""Hashes of rows and of texts: the same on every machine, whatever numbers the texts have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

__all__ = ["content_key", "mix64", "text_hash"]

_AT_ONCE = 2**14  # rows that stay in the processor's caches
_HASH_KEY = "bench: tie-break"  # 16 characters; another key is another order of every tie


def content_key(columns: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) uint64: a hash of each row of the columns, integers of any width."""
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for start in range(0, len(key), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        for column in columns:
            key[rows] ^= column[rows].astype(np.uint64)
            _mix(key[rows])
    return key


def mix64(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014), one to one on uint64."""
    mixed = np.array(values, dtype=np.uint64)
    _mix(mixed)
    return mixed


def _mix(values: np.ndarray) -> None:
    """In place."""
    values += np.uint64(0x9E3779B97F4A7C15)
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)


def text_hash(texts: pa.Array) -> np.ndarray:
    """(V,) uint64."""
    import pandas as pd  # here, since steps on prepared data do without

    values = np.array(texts.to_pylist(), dtype=object)
    return pd.util.hash_array(values, hash_key=_HASH_KEY, categorize=False)
