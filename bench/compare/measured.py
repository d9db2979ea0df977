"""What a trial's own step cost was measured when the step was computed: once, however many runs take it from the cache."""

from __future__ import annotations

from bench.records import Record, digest

__all__ = ["measurement", "once"]


def measurement(record: Record) -> str | None:
    """Of the step and its costs, alike where one measurement was recorded twice: no step takes the same nanoseconds again.
    None where nothing was measured, or the record does not tell its step."""
    steps, own = record["identity"].get("steps"), record["cost"]["own"]
    return digest([steps, own]) if steps and any(own.values()) else None


def once(base: Record, candidate: Record) -> bool:
    """Whether the costs of both are one measurement."""
    return (found := measurement(base)) is not None and found == measurement(candidate)
