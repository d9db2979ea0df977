"""Sorting rows by several keys at once: as one packed number each, as far as 64 bits reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["sorted_rows"]

_BITS = 64
_SIGN = np.uint64(1 << 63)
_LARGEST = np.uint64((1 << 64) - 1)


def sorted_rows(keys: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) int64: rows in the order of the first key, where it ties of the next, and so on; of their place where all tie.

    keys (n,): integers, or float64 without NaN. As np.lexsort of the keys in reverse, in a tenth of its time: the leading bits
    of the keys and the row are one number; rows that tie in these bits alone are sorted by the keys themselves."""
    rows = len(keys[0])
    row_bits = max(rows - 1, 0).bit_length()
    packed = _leading_bits(keys, _BITS - row_bits) << np.uint64(row_bits)
    packed |= np.arange(rows, dtype=np.uint64)
    packed.sort()
    order = (packed & np.uint64((1 << row_bits) - 1)).astype(np.int64)
    packed >>= np.uint64(row_bits)
    same = packed[1:] == packed[:-1]
    tied = np.zeros(rows, dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    if tied.any():
        among = np.sort(order[tied])
        order[tied] = among[np.lexsort([key[among] for key in reversed(keys)])]
    return order


def _leading_bits(keys: Sequence[np.ndarray], bits: int) -> np.ndarray:
    """(n,) uint64 below 2^bits, in the order of the keys as far as it goes."""
    packed = np.zeros(len(keys[0]), np.uint64)
    left = bits
    for key in map(_from_zero, keys):
        width = int(key.max(initial=0)).bit_length()
        taken = min(width, left)
        if taken:
            packed = _shifted(packed, taken)
            packed |= key >> np.uint64(width - taken)
        left -= taken
        if not left:
            break
    return packed


def _shifted(values: np.ndarray, bits: int) -> np.ndarray:
    # a shift by all 64 bits is not defined
    return values << np.uint64(bits) if bits < _BITS else np.zeros_like(values)


def _from_zero(key: np.ndarray) -> np.ndarray:
    """uint64 in the order of the key, the least of which is 0."""
    if np.issubdtype(key.dtype, np.floating):
        bits = (key.astype(np.float64) + 0.0).view(np.uint64)
        key = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    if not len(key) or key.dtype == np.uint64:
        return np.asarray(key.astype(np.uint64, copy=False) - key.min(initial=_LARGEST))
    # modulo 2^64
    return np.asarray(np.subtract(key, key.min(), dtype=np.int64).view(np.uint64))
