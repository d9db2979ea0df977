"""A time or a memory as text with its unit, as suites and command lines have it: `90s`, `1h30m`, `4GiB`, `500MB`."""

from __future__ import annotations

import re

__all__ = ["parse_memory", "parse_time", "shown_memory", "shown_time"]

_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_BYTES = {
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_TIME = re.compile("".join(rf"(?:(?P<{unit}>\d+(?:\.\d+)?){unit})?" for unit in _SECONDS))
_MEMORY = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(_BYTES)})")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,3})?")
_SHORTEST_S, _LONGEST_S = 0.1, 365 * 86_400
_LEAST_BYTES, _MOST_BYTES = 64 * 2**20, 2**50  # Python with numpy alone has more than the former


def parse_time(text: object) -> float:
    """Seconds. ValueError with what is wrong and what to write."""
    found = _TIME.fullmatch(text.replace(" ", "")) if isinstance(text, str) and text else None
    if found is None or not any(found.groups()):
        raise ValueError(
            _no_unit(text, ("s", "m", "h")) or f"{text!r:.60} is no time; write 90s, 20m or 1h30m"
        )
    seconds = sum(float(found[unit] or 0) * of for unit, of in _SECONDS.items())
    if seconds < _SHORTEST_S:
        raise ValueError(f"{text!r:.60} is too short for any step; give at least {_SHORTEST_S}s")
    if seconds > _LONGEST_S:
        raise ValueError(f"{text!r:.60} is more than a year; leave the limit out")
    return seconds


def parse_memory(text: object) -> int:
    """Bytes. ValueError with what is wrong and what to write."""
    found = _MEMORY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        fix = "write 500MB, 4GiB or 1.5GiB"
        raise ValueError(
            _no_unit(text, ("MiB", "GiB", "GB")) or f"{text!r:.60} is no amount of memory; {fix}"
        )
    size = float(found[1]) * _BYTES[found[2]]
    if size < _LEAST_BYTES:
        least = shown_memory(_LEAST_BYTES)
        raise ValueError(f"{text!r:.60} is too little for any step; give at least {least}")
    if size > _MOST_BYTES:
        raise ValueError(f"{text!r:.60} is more than any machine has; leave the limit out")
    return int(size)


def _no_unit(value: object, units: tuple[str, ...]) -> str:
    """Of what is a number: which units it may have."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        return ""
    *others, last = (f"{value}{unit}" for unit in units)
    return f"{value!r} has no unit; write {', '.join(others)} or {last}"


def shown_time(seconds: float) -> str:
    """For people: `20 min`, `1 h 30 min`, `0.5 s`."""
    parts, rest = [], seconds
    for unit, of in (("h", 3600), ("min", 60)):
        whole, rest = divmod(rest, of)
        if whole:
            parts.append(f"{whole:.0f} {unit}")
    if rest or not parts:
        parts.append(f"{rest:.3g} s")
    return " ".join(parts)


def shown_memory(size: float) -> str:
    """For people: `4 GiB`, `1.43 GiB`, `500 MiB`."""
    unit, of = ("GiB", 2**30) if size >= 2**30 else ("MiB", 2**20)
    return f"{size / of:.3g} {unit}" if size < 1000 * of else f"{size / of:,.0f} {unit}"
