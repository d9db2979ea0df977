"""What of the cache a run depends on, by its records: each names its data, its division and the steps that it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import NoRunError, StorageError
from bench.records import read_note
from bench.records.in_folder import RunFiles, read_files

__all__ = ["Needed", "needed"]


class Needed(NamedTuple):
    """`names`: of folders of the cache. `own_alone`: how many records are of an older version, which named their own step and
    not those that it reads."""

    names: frozenset[str]
    own_alone: int


def needed(cache: Path, runs: Iterable[Path]) -> Needed:
    """By all trials that these runs have a record of, also of those that failed.

    Raises NoRunError for a folder that is no run, StorageError where a record can't be read: what it needs is not known."""
    files = [_readable(run) for run in runs]
    records = [record for one in files for record in one.every_record.values()]
    names = {name for record in records for name in _steps(record)}
    data = {record["identity"]["data"] for record in records}
    names |= {folder.name for folder in _of_data(cache, data)}
    manifests = {
        one.manifest["digest"] for one in files if one.manifest and "digest" in one.manifest
    }
    names |= {note.name for note in _notes(cache, manifests)}
    return Needed(frozenset(names), sum("steps" not in record for record in records))


def _readable(run: Path) -> RunFiles:
    files = read_files(run)
    if files.manifest is None:
        raise NoRunError(f"{run}: no manifest that can be read; `bench verify {run}` says why")
    if files.unreadable:
        raise StorageError(f"{run}: a file of it can't be read; `bench verify {run}` says which")
    return files


def _steps(record: Mapping[str, Any]) -> Iterator[str]:
    identity = record["identity"]
    yield f"split-{identity['split'][:32]}"
    for step in record.get("steps", identity.get("steps", ())):
        yield from (f"fit-{step}", f"select-{step}")


def _of_data(cache: Path, digests: set[str]) -> Iterator[Path]:
    """Prepared folders of that content, from whatever source."""
    for meta in (cache / "data").glob("*/meta.json"):
        try:
            if json.loads(meta.read_text("utf-8")).get("digest") in digests:
                yield meta.parent
        except (OSError, ValueError, AttributeError):
            continue  # half made, or damaged: nobody can use it


def _notes(cache: Path, manifests: set[str]) -> Iterator[Path]:
    """Of the runs that have these manifests."""
    for path in (cache / "runs").glob("*.json"):
        note = read_note(path)
        if note is not None and note.get("manifest") in manifests:
            yield path
