"""A run's folder as a whole: which records count, which belong to it and are not listed, and what nothing names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.records.in_folder import RunFiles, read_files
from bench.records.joining import Joined, join
from bench.records.manifest_file import Line, followed, trial_of
from bench.records.record import Record, failed_since

__all__ = ["Standing", "results_of", "standing", "wanted_blobs"]


class Standing(NamedTuple):
    """What is in a folder and what follows from it. `records`: of the manifest's lines, those that count; `manifest`: as it
    would say what is there; `unlisted`: records of ids that it does not list, one an id; `old_failures`: of trials that have a
    result, which counts; `unnamed`: blobs that nothing names, empty where something that may name them can't be read."""

    files: RunFiles
    records: tuple[Record | None, ...]
    manifest: dict[str, Any] | None
    joined: Joined
    old_failures: tuple[Path, ...]
    unnamed: tuple[Path, ...]


def standing(folder: Path) -> Standing:
    """Raises NoRunError where there is no run, StorageError where the folder can't be listed."""
    files = read_files(folder)
    old = tuple(_old_failures(files))
    lines = files.manifest["trials"] if files.manifest else []
    ids = {line["id"] for line in lines}
    by_id = _counting(files, old)
    records = tuple(_of_line(line, by_id) for line in lines)
    unlisted = [record for identity, record in by_id.items() if identity not in ids]
    joined = Joined((), {}) if files.manifest is None else join(files.manifest, records, unlisted)
    manifest = None if files.manifest is None else followed(files.manifest, records)
    wanted = wanted_blobs(files)
    unnamed = (
        [] if files.unreadable else [one for name, one in files.blobs.items() if name not in wanted]
    )
    return Standing(files, records, manifest, joined, old, tuple(unnamed))


def _old_failures(files: RunFiles) -> Iterator[Path]:
    """A harness removes a failure when its trial has a result: one beside it came with a copy, or is of a later try."""
    results = results_of(files)
    for file, failure in files.failures.items():
        result = results.get(failure["id"])
        if result is not None and not failed_since(failure, result):
            yield file


def results_of(files: RunFiles) -> dict[str, Record]:
    """By id, without second results of a trial."""
    return {
        record["id"]: record
        for file, record in files.records.items()
        if file.name == f"{record['id']}.json"
    }


def _counting(files: RunFiles, old_failures: Sequence[Path]) -> dict[str, Record]:
    """The record of each id that counts."""
    failures = {
        record["id"]: record for file, record in files.failures.items() if file not in old_failures
    }
    return results_of(files) | failures


def _of_line(line: Line, by_id: Mapping[str, Record]) -> Record | None:
    record = by_id.get(line["id"])
    return record if record is not None and record["trial"] == trial_of(line) else None


def wanted_blobs(files: RunFiles) -> dict[str, str]:
    """Names of blobs to who names them first."""
    wanted = dict.fromkeys(files.analysis.blobs if files.analysis else (), "analysis.json")
    for file, record in files.every_record.items():
        for blob in record.get("blobs", {}).values():
            wanted[f"{blob}.npy"] = file.relative_to(files.folder).as_posix()
    return wanted
