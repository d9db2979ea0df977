"""Sizes and spans of time as people type and read them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

__all__ = ["age", "size", "typed_age", "typed_size"]

_BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_TYPED = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]*)")


def typed_size(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """Bytes: the callback of an option like `10GiB`."""
    return None if value is None else _amount(value, _BYTES, "a size like 10GiB")


def typed_age(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """Seconds: the callback of an option like `30d`."""
    return None if value is None else _amount(value, _SECONDS, "a span of time like 30d")


def _amount(value: str, units: Mapping[str, int], what: str) -> float:
    factors = {unit.lower(): factor for unit, factor in units.items()}
    found = _TYPED.fullmatch(value)
    if found is None or found[2].lower() not in factors:
        known = ", ".join(filter(None, units))
        raise click.BadParameter(f"{value[:40]!r} is not {what} (units: {known})")
    return float(found[1]) * factors[found[2].lower()]


def size(count: float) -> str:
    """`1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"


def age(seconds: float) -> str:
    """In the largest unit of which there are two: `3d`."""
    for unit, length in reversed(_SECONDS.items()):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f}{unit}"
    return f"{max(seconds, 0):.0f}s"
