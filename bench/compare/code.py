"""Whose sources differ between two runs."""

from __future__ import annotations

from collections.abc import Iterable

from bench.compare.model import CodeChange
from bench.records import Record

__all__ = ["changes_of_code", "unknown_code"]


def changes_of_code(pairs: Iterable[tuple[Record, Record]]) -> tuple[CodeChange, ...]:
    """Of the harness, plugins and metrics, each once."""
    return tuple(
        dict.fromkeys(change for base, candidate in pairs for change in _changes(base, candidate))
    )


def unknown_code(pairs: Iterable[tuple[Record, Record]]) -> tuple[str, ...]:
    """Metrics of which one of the runs kept no digest: schema 1 didn't."""
    return tuple(
        dict.fromkeys(
            name
            for pair in pairs
            for record in pair
            for name, of in record["identity"]["metrics"].items()
            if not isinstance(of, dict)
        )
    )


def _changes(base: Record, candidate: Record) -> list[CodeChange]:
    ours, theirs = _digests(base), _digests(candidate)
    unknown = {f"metric {name}" for name in unknown_code([(base, candidate)])}
    return [
        CodeChange(name, ours.get(name, ""), theirs.get(name, ""))
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name) and name not in unknown
    ]


def _digests(record: Record) -> dict[str, str]:
    identity = record["identity"]
    found = {
        f"{one['name']} ({one['origin']})": one["digest"] for one in identity.get("plugins", ())
    }
    found |= {
        f"metric {name}": of.get("digest", "")
        for name, of in identity["metrics"].items()
        if isinstance(of, dict)
    }
    return {"harness": identity["harness"], **found} if "harness" in identity else found
