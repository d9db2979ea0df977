"""Details of a record are a note for people; what a plugin leaves there has a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.records.canonical import canonical

__all__ = ["MOST_BYTES", "capped"]

MOST_BYTES = 1_000_000  # of their JSON
_NAMED = 3  # keys that the warning names


def capped(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details without the largest entries, where their JSON is over the limit, and a warning that says so.

    Raises TypeError and ValueError for what is no JSON."""
    sizes = {key: len(canonical({key: value})) for key, value in details.items()}
    total, left_out = sum(sizes.values()), {}
    if total <= MOST_BYTES:
        return dict(details)
    for key in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= MOST_BYTES:
            break
        left_out[key] = sizes[key]
        total -= sizes[key]
    kept = {key: value for key, value in details.items() if key not in left_out}
    return kept | {"warnings": [*_warnings(kept), _told(left_out)]}


def _warnings(details: Mapping[str, Any]) -> list[Any]:
    known = details.get("warnings")
    return known if isinstance(known, list) else []


def _told(left_out: Mapping[str, int]) -> str:
    names = ", ".join(key[:60] for key in list(left_out)[:_NAMED])
    more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
    return (
        f"details of {sum(left_out.values()):,} bytes were left out ({names}{more}): a record keeps {MOST_BYTES:,} bytes of "
        "them at most; write what is larger to a file of your own"
    )
