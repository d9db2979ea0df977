"""All that lies in a run's folder, read file by file: what is wrong with one keeps none of the others from being read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import NoRunError, RecordError, StorageError
from bench.job.outcome import of_record
from bench.records.analysis_file import AnalysisFile, read_analysis_file
from bench.records.companions import companion_faults
from bench.records.findings import Finding, finding_of
from bench.records.manifest_file import read_manifest
from bench.records.record import Record, read_record
from bench.records.shape import check_run_record
from bench.records.status_file import STATUS
from bench.storage.temporary import is_leftover, is_temporary

__all__ = ["BLOB", "RunFiles", "read_files", "run_that_keeps"]

BLOB = re.compile(r"([0-9a-f]{64})\.(npy|parquet)")
_ROOMS = ("records", "failures", "blobs")
_MADE_AGAIN = "report.html"  # by `bench report`, of the others
_FILES = ("manifest.json", "analysis.json", "suite.yaml", "data.json", _MADE_AGAIN)
_NO_FILE_OF_OURS = "none of the files that a run consists of"
_LOOK = "move it elsewhere, or remove it"


@dataclass
class RunFiles:
    """`records`, `failures`: by file; `findings`: what could not be read, and what is none of a run's files.
    `unreadable`: whether something is that may name blobs."""

    folder: Path
    manifest: dict[str, Any] | None = None
    records: dict[Path, Record] = field(default_factory=dict)
    failures: dict[Path, Record] = field(default_factory=dict)
    blobs: dict[str, Path] = field(default_factory=dict)  # by name
    analysis: AnalysisFile | None = None
    temporaries: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False

    @property
    def every_record(self) -> Mapping[Path, Record]:
        return {**self.records, **self.failures}

    def damaged(self, file: Path, error: StorageError) -> None:
        self.findings.append(finding_of(self.folder, file, error))
        self.unreadable = True


def read_files(folder: Path) -> RunFiles:
    """Raises NoRunError where there is no run, StorageError where the folder can't be listed."""
    found = RunFiles(folder)
    listed = {room: _listed(folder / room) for room in ("", *_ROOMS)}
    _read_manifest(found, any(listed[room] for room in _ROOMS))
    for file in listed["records"]:
        _read_record(found, file, found.records)
    for file in listed["failures"]:
        _read_record(found, file, found.failures)
    _read_analysis(found)
    for file in listed["blobs"]:
        _sort_blob(found, file)
    for file in listed[""]:
        ours = file.name in (*_ROOMS, *_FILES) or STATUS.fullmatch(file.name)
        if not ours and not _is_of_a_writer(found, file):
            _unknown(found, file)
    if found.manifest is not None:
        found.findings += companion_faults(folder, found.manifest)
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"{folder}: can't be read: {error.strerror}; make it a folder that can be read"
        ) from error


def _read_manifest(found: RunFiles, has_files: bool) -> None:
    path = found.folder / "manifest.json"
    try:
        found.manifest = read_manifest(found.folder)
    except NoRunError:
        if not has_files:
            raise
        what = "missing: nothing says which trials these records are of"
        fix = "restore it from git, or run the suite again: it finds its records"
        found.findings.append(Finding("missing", path.name, what, fix))
    except StorageError as error:
        found.findings.append(finding_of(found.folder, path, error))


def _read_record(found: RunFiles, file: Path, into: dict[Path, Record]) -> None:
    if _is_of_a_writer(found, file):
        return
    if file.suffix != ".json":
        _unknown(found, file)
        return
    try:
        record = read_record(file)
        check_run_record(file, record)
        _check_place(file, record)
    except StorageError as error:
        found.damaged(file, error)
    else:
        into[file] = record


def _check_place(file: Path, record: Record) -> None:
    """A result lies among the results, a failure among the failures (those of schema 1 lie together), and a second result of
    a trial is named after its digest."""
    named, _, second = file.name.removesuffix(".json").partition(".")
    if second and second != str(record["digest"])[:16]:
        raise RecordError(
            f"{file}: named after the digest {second}, and has another; give it the name {named}.{record['digest'][:16]}.json"
        )
    ok, room = of_record(record).ok, file.parent.name
    if record["schema"] > 1 and ok != (room == "records"):
        right = "records" if ok else "failures"
        raise RecordError(f"{file}: is {'a result' if ok else 'a failure'}; move it to {right}/")


def _read_analysis(found: RunFiles) -> None:
    path = found.folder / "analysis.json"
    try:
        found.analysis = read_analysis_file(found.folder)
    except StorageError as error:
        found.damaged(path, error)


def _sort_blob(found: RunFiles, file: Path) -> None:
    if _is_of_a_writer(found, file):
        return
    if BLOB.fullmatch(file.name):
        found.blobs[file.name] = file
    else:
        _unknown(found, file)


def run_that_keeps(path: Path) -> Path | None:
    """The folder of the run that a file is a part of, or stands among whose parts, which nothing but a run may write; None: of
    no run."""
    file = Path(os.path.realpath(path))
    rooms = [folder.parent for folder in file.parents if folder.name in _ROOMS]
    kept = (file.name in _FILES and file.name != _MADE_AGAIN) or STATUS.fullmatch(file.name)
    folders = [*rooms, *([file.parent] if kept else [])]
    return next((folder for folder in folders if (folder / "manifest.json").exists()), None)


def _is_of_a_writer(found: RunFiles, file: Path) -> bool:
    """Whether it is a temporary file; of a process that lives it is nothing to tell of."""
    if is_leftover(file):
        found.temporaries.append(file)
    return is_temporary(file)


def _unknown(found: RunFiles, file: Path) -> None:
    name = file.relative_to(found.folder).as_posix()
    found.findings.append(Finding("stray", name, _NO_FILE_OF_OURS, _LOOK))
