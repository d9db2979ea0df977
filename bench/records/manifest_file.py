"""RUN/manifest.json: read, written, and brought in line with the records that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import NoRunError, RecordError
from bench.job.outcome import of_record
from bench.records import atomic
from bench.records.record import Record, failed_since, read_record, record_path
from bench.records.schema import SCHEMA, decode, encode
from bench.records.seal import check_seal, sealed
from bench.records.shape import check_manifest, check_run_record
from bench.records.upgrade import upgraded_manifest

__all__ = ["followed", "lacking", "read_manifest", "records_of", "trial_of", "write_manifest"]

Line = Mapping[str, Any]
_NAMES = ("dataset", "protocol", "method", "seed")
_EMPTY: Record = {"validation": {}, "details": {}, "blobs": {}, "environment": {}, "versions": {}}


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make or replace RUN/manifest.json, sealed. Raises StorageError."""
    path = folder / "manifest.json"
    value = {**manifest, "schema": SCHEMA}
    encode(path, value)  # says what is wrong and where, as the digest of it could not
    atomic.replace(path, encode(path, sealed(value)))


def read_manifest(folder: Path) -> dict[str, Any]:
    """As it was written. Raises NoRunError where there is none, RecordError where it is damaged, edited, lists a trial twice
    or is of a newer schema."""
    path = folder / "manifest.json"
    try:
        manifest = decode(path, atomic.read(path))
    except FileNotFoundError:
        raise NoRunError(
            f"{path}: missing, so {folder} is not a run; name the folder that `bench run` wrote"
        ) from None
    check_seal(path, manifest)
    trials = manifest.get("trials")
    if not isinstance(trials, list) or not all(isinstance(trial, dict) for trial in trials):
        raise RecordError(
            f"{path}: no manifest: it lists no trials; restore it from git, or remove it and run again"
        )
    upgraded = upgraded_manifest(manifest)
    check_manifest(path, upgraded)
    _check_once(path, upgraded["trials"])
    return upgraded


def records_of(folder: Path, trials: Sequence[Line]) -> list[Record | None]:
    """The record of each line, by the trial's id: what is on disk counts, whatever the manifest said last.

    Raises RecordError for one that is damaged or of another trial."""
    return [_record(folder, line) for line in trials]


def followed(manifest: Mapping[str, Any], records: Sequence[Record | None]) -> dict[str, Any]:
    """The manifest with what became of each trial, `records` being those of its lines (a record says what its trial needs, so
    that the line need not); `seeds`: those that were asked for, for
    each of which a table has a figure; and its status by that: complete;
    part, where all that was asked for has a result and other trials of the suite were never asked for; else interrupted,
    where that is what it said last, or incomplete."""
    trials = [_line(line, record) for line, record in zip(manifest["trials"], records, strict=True)]
    seeds = sorted({line["seed"] for line in trials if line["asked"]})
    status = _status(trials, manifest.get("status"))
    return {**manifest, "trials": trials, "seeds": seeds, "status": status}


def lacking(trials: Sequence[Line]) -> list[Line]:
    """Those that were asked for and have no result."""
    return [line for line in trials if line["asked"] and line["status"] != "ok"]


def trial_of(line: Line) -> dict[str, Any]:
    """The names of a line's trial."""
    return {name: line[name] for name in _NAMES}


def _line(line: Line, record: Record | None) -> dict[str, Any]:
    if record is None:
        return {**line, "record": None, "status": None}
    kept = {key: value for key, value in line.items() if key != "needs"}
    return {**kept, "asked": True, "record": record["id"], "status": of_record(record).status}


def _status(trials: Sequence[Line], said: str | None) -> str:
    if lacking(trials) or not trials:
        return "interrupted" if said == "interrupted" else "incomplete"
    return "complete" if all(line["asked"] for line in trials) else "part"


def _record(folder: Path, line: Line) -> Record | None:
    """The result where there is one, unless a later try on the same machine failed."""
    if line["id"] is None:
        return None
    result, failure = (
        _checked(path, line) if _is_there(path := record_path(folder, line["id"], ok=ok)) else None
        for ok in (True, False)
    )
    if result is None or (failure is not None and failed_since(failure, result)):
        return failure
    return result


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise atomic.unreadable(path, error) from error


def _checked(path: Path, line: Line) -> Record:
    record = read_record(path)
    check_run_record(path, record)
    if record["trial"] != trial_of(line):
        raise RecordError(
            f"{path}: holds another trial than the manifest says; restore it from git, or remove it and run again"
        )
    return _EMPTY | record


def _check_once(path: Path, trials: Sequence[Line]) -> None:
    seen = set()
    for line in trials:
        names = tuple(trial_of(line).values())
        for key in (names, line["id"]):
            if key is not None and key in seen:
                told = f"{'/'.join(map(str, names[:2]))} {names[2]}, seed {names[3]}"
                raise RecordError(
                    f"{path}: lists {told} twice; restore it from git, or remove it and run again"
                )
            seen.add(key)
