"""What of the cache a run depends on: each of its records, and each trial of its manifest that has none yet, names the steps
that it reads, its data and its division."""

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
    """`names`: of folders of the cache. `own_alone`: how many trials are of an older version, which named a record's own step
    and not those that it reads, and no step of a trial without a record."""

    names: frozenset[str]
    own_alone: int


def needed(cache: Path, runs: Iterable[Path]) -> Needed:
    """By all trials that these runs have a record of, also of those that failed, and those that have yet to be done.

    Raises NoRunError for a folder that is no run, StorageError where a record can't be read: what it needs is not known."""
    files = [_readable(run) for run in runs]
    wants = [_of_record(one) for files_of in files for one in files_of.every_record.values()]
    wants += [_of_line(line) for one in files for line in _undone(one)]
    names = {name for one in wants for name in one.names()}
    names |= {folder.name for folder in _of_data(cache, {one.data for one in wants})}
    manifests = {
        one.manifest["digest"] for one in files if one.manifest and "digest" in one.manifest
    }
    names |= {note.name for note in _notes(cache, manifests)}
    return Needed(frozenset(names), sum(not one.named for one in wants))


def _readable(run: Path) -> RunFiles:
    files = read_files(run)
    if files.manifest is None:
        raise NoRunError(f"{run}: no manifest that can be read; `bench verify {run}` says why")
    if files.unreadable:
        raise StorageError(f"{run}: a file of it can't be read; `bench verify {run}` says which")
    return files


class _Wants(NamedTuple):
    """What a trial reads: contents of data and division, steps. `named`: whether all of its steps are."""

    data: str
    split: str
    steps: tuple[str, ...]
    named: bool

    def names(self) -> Iterator[str]:
        yield f"split-{self.split[:32]}"
        for step in self.steps:
            yield from (f"fit-{step}", f"select-{step}")


def _of_record(record: Mapping[str, Any]) -> _Wants:
    identity = record["identity"]
    steps = record.get("steps", identity.get("steps", ()))
    return _Wants(identity["data"], identity["split"], tuple(steps), "steps" in record)


def _undone(files: RunFiles) -> Iterator[Mapping[str, Any]]:
    """Trials that were asked for and have no record yet."""
    for line in files.manifest["trials"] if files.manifest else ():
        if line["asked"] and line["record"] is None:
            yield line


def _of_line(line: Mapping[str, Any]) -> _Wants:
    needs = line.get("needs")
    if needs is None:
        return _Wants("", "", (), False)
    return _Wants(needs["data"], needs["split"], tuple(needs["steps"]), True)


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
