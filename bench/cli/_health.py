"""What `bench doctor` says of one thing."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Finding", "gib"]


class Finding(NamedTuple):
    """`fix` is empty where all is well."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    fix: str = ""


def gib(size: float) -> str:
    """Bytes in the unit that fits."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
