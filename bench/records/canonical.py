"""One text for one JSON value, and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical", "digest"]


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and without spaces, ASCII alone: the same for a value and for what is read back of it.

    Raises ValueError for NaN and infinities, TypeError for what is not JSON (a key that is not text, a numpy number)."""
    _check_keys(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest(value: Any) -> str:
    """sha256 of the canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _check_keys(value: Any) -> None:
    """json.dumps turns the keys 1, None and True into text in silence, and two keys can become one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not text")
            _check_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_keys(item)
