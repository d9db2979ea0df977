"""Names of methods as people list them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["apart"]


def apart(names: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """`lr,fm` as two names, where it is none itself and both are known: names that a grid makes have commas too."""
    found: list[str] = []
    for name in names:
        parts = [part.strip() for part in name.split(",")]
        found += parts if name not in known and all(part in known for part in parts) else [name]
    return tuple(found)
