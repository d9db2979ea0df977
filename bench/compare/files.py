"""Files that base models read: which of them has other content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.compare.model import FileChange
from bench.records import Record

__all__ = ["changes_of_files"]


def changes_of_files(pairs: Iterable[tuple[Record, Record]]) -> tuple[FileChange, ...]:
    """Of one base model and one name, each once. A file that one of the two does not name is a change of settings."""
    return tuple(
        dict.fromkeys(change for base, candidate in pairs for change in _changes(base, candidate))
    )


def _changes(base: Record, candidate: Record) -> Iterable[FileChange]:
    ours, theirs = _files(base), _files(candidate)
    for name in ours:
        if name in theirs and ours[name] != theirs[name]:
            yield FileChange(base["trial"]["method"], name, ours[name], theirs[name])


def _files(record: Record) -> dict[str, str]:
    """File to sha256. Older records have that of a file of scores alone, among what the model told."""
    told: Any = record.get("details", {}).get("predictions")
    scores = {}
    if isinstance(told, Mapping) and {"file", "sha256"} <= told.keys():
        scores = {str(told["file"]): str(told["sha256"])}
    return {**scores, **record["identity"].get("files", {})}
