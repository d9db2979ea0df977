"""Small sealed JSON files beside the runs: what is lost or damaged of them is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import StorageError
from bench.records import atomic
from bench.records.schema import SCHEMA, decode, encode
from bench.records.seal import check_seal, sealed

__all__ = ["read_note", "write_note"]


def write_note(path: Path, note: Mapping[str, Any]) -> None:
    """Make or replace it. Raises StorageError."""
    atomic.replace(path, encode(path, sealed({**note, "schema": SCHEMA})))


def read_note(path: Path) -> dict[str, Any] | None:
    """None where there is none, or none that can be trusted."""
    try:
        note = decode(path, atomic.read(path))
        check_seal(path, note, always=True)
    except (FileNotFoundError, StorageError):
        return None
    return note
