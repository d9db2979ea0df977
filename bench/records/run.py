"""A run on disk: manifest.json, records/ID.json, failures/ID.json, blobs/DIGEST.npy (or .parquet), analysis.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from bench.errors import NoRunError, RecordError
from bench.job.outcome import of_record
from bench.records import atomic
from bench.records.record import Record, read_record, record_path
from bench.records.schema import SCHEMA, decode, encode
from bench.records.upgrade import upgraded_manifest

__all__ = [
    "Conflict",
    "Run",
    "load",
    "read_manifest",
    "write_analyses",
    "write_beside",
    "write_manifest",
]


_TRIAL = {"dataset", "protocol", "method", "seed", "kind", "record"}


class Conflict(NamedTuple):
    """One trial, one seed, two results: the files that hold them, relative to the run; the first one is used."""

    trial: dict[str, Any]
    files: tuple[str, ...]


class Run(NamedTuple):
    """`records` are those that the manifest names, in its order; a trial without one is missing or was never run.
    `analyses`: "dataset/protocol" to what the run's own analysis found there; empty where there is none of these records.
    `user_tables`: "dataset/protocol" to the digest of a table with a row for each method, seed and test user."""

    folder: Path
    manifest: dict[str, Any]
    records: tuple[Record, ...]
    conflicts: tuple[Conflict, ...] = ()
    analyses: Mapping[str, dict[str, Any]] = {}
    user_tables: Mapping[str, str] = {}


def load(folder: Path | str) -> Run:
    """Read a run. Other records of its folder, of an older suite say, are left alone.

    Raises NoRunError where there is no run, RecordError where the manifest or a record is damaged or of a newer schema."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    named = [_path(folder, trial) for trial in manifest["trials"] if trial["record"] is not None]
    records = tuple(read_record(path) for path in named if path.exists())
    conflicts = tuple(conflict for record in records if (conflict := _conflict(folder, record)))
    analysed = _analysed(folder, records)
    return Run(
        folder,
        manifest,
        records,
        conflicts,
        analysed.get("analyses", {}),
        analysed.get("user_tables", {}),
    )


def write_analyses(
    folder: Path,
    records: Iterable[Record],
    analyses: Mapping[str, dict[str, Any]],
    user_tables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make or replace RUN/analysis.json, of these records. Raises StorageError."""
    path = folder / "analysis.json"
    value = {
        "schema": SCHEMA,
        "records": _digests(records),
        "analyses": dict(analyses),
        "user_tables": dict(user_tables),
    }
    atomic.replace(path, encode(path, value))


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Make or replace RUN/manifest.json. Raises StorageError."""
    path = folder / "manifest.json"
    atomic.replace(path, encode(path, manifest))


def write_beside(path: Path, content: str | dict[str, Any]) -> None:
    """Make or replace another file of a run, text or JSON, that people read and no command does. Raises StorageError."""
    data = content.encode("utf-8") if isinstance(content, str) else encode(path, content)
    atomic.replace(path, data)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises NoRunError where there is none, RecordError where it is damaged or of a newer schema."""
    path = folder / "manifest.json"
    try:
        manifest = decode(path, atomic.read(path))
    except FileNotFoundError:
        raise NoRunError(
            f"{path}: missing, so {folder} is not a run; name the folder that `bench run` wrote"
        ) from None
    trials = manifest.get("trials")
    if not isinstance(trials, list) or not all(
        isinstance(trial, dict) and trial.keys() >= _TRIAL for trial in trials
    ):
        raise RecordError(f"{path}: edited, it lists no trials; remove it and run again")
    return upgraded_manifest(manifest)


def _path(folder: Path, trial: Mapping[str, Any]) -> Path:
    path = record_path(folder, trial["record"], ok=trial["status"] == "ok")
    # schema 1 had failures among the records
    return path if path.exists() else record_path(folder, trial["record"])


def _analysed(folder: Path, records: Iterable[Record]) -> dict[str, Any]:
    """Those of the very records; a stale file is none."""
    path = folder / "analysis.json"
    try:
        value = decode(path, atomic.read(path))
    except FileNotFoundError:
        return {}
    return value if value.get("records") == _digests(records) else {}


def _digests(records: Iterable[Record]) -> list[str]:
    return [record["digest"] for record in records]


def _conflict(folder: Path, record: Record) -> Conflict | None:
    if not of_record(record).ok:
        return None
    path = record_path(folder, record["id"])
    others = sorted(path.parent.glob(f"{record['id']}.*.json"))
    for other in others:
        read_record(other)
    names = tuple(file.relative_to(folder).as_posix() for file in (path, *others))
    return Conflict(record["trial"], names) if others else None
