"""Plain scalars as YAML 1.2's core schema reads them: `1e-3` is a number, `on`, `no`, `1_000` and `10:30` are text."""

from __future__ import annotations

import math
import re

__all__ = ["Scalar", "plain_scalar"]

Scalar = str | int | float | bool | None

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DIGITS = 100  # more make no number that a suite could mean, and Python's own limit is far off


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted scalar; ValueError with the reason where it has none that a suite may hold."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text.lower() == "true"
    return _number(text)


def _number(text: str) -> int | float | str:
    bases = {10: _INTEGER, 8: _OCTAL, 16: _HEXADECIMAL}
    base = next((base for base, pattern in bases.items() if pattern.fullmatch(text)), None)
    if base is None and not _FLOAT.fullmatch(text) and not _NOT_FINITE.fullmatch(text):
        return text
    if len(text) > _DIGITS:
        raise ValueError(
            f"a number of {len(text)} characters; write a shorter one, or quote it where it is text"
        )
    if base is not None:
        return int(text if base == 10 else text[2:], base)
    number = math.inf if _NOT_FINITE.fullmatch(text) else float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number
