"""A run on disk: manifest.json, records/ID.json, failures/ID.json, blobs/DIGEST.npy (or .parquet), analysis.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.job.outcome import of_record
from bench.records.analysis_file import read_analyses
from bench.records.manifest_file import followed, lacking, read_manifest, records_of
from bench.records.record import Record, read_record, record_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conflict", "Run", "load"]


class Conflict(NamedTuple):
    """One trial, one seed, two results: the files that hold them, relative to the run; the first one is used."""

    trial: dict[str, Any]
    files: tuple[str, ...]


class Run(NamedTuple):
    """`manifest`: its `trials` are a line for every trial of the suite, each with its record's id and status as they are on
    disk (None: no record) and whether it was `asked` for. `records`: those that there are, in its order.
    `analyses`: "dataset/protocol" to what the run's own analysis found there; empty where there is none of these records,
    and `analysis_fault` says why, where there is a file; `analysis_digest`: of the file.
    `user_tables`: "dataset/protocol" to the digest of a table with a row for each method, seed and test user.
    `wanted`: ids of the trials that this execution was asked for; None of a run that was read: all that ever were."""

    folder: Path
    manifest: dict[str, Any]
    records: tuple[Record, ...]
    conflicts: tuple[Conflict, ...] = ()
    analyses: Mapping[str, dict[str, Any]] = {}
    user_tables: Mapping[str, str] = {}
    analysis_fault: str = ""
    analysis_digest: str = ""
    wanted: frozenset[str] | None = None

    @property
    def lacking(self) -> tuple[Mapping[str, Any], ...]:
        """Lines of the manifest that were asked for and have no result."""
        return tuple(
            line
            for line in lacking(self.manifest["trials"])
            if self.wanted is None or line["id"] in self.wanted
        )

    def frame(self) -> pd.DataFrame:
        """A row a trial: dataset, protocol, method, seed, kind, status ("missing" without a record), each metric, and costs:
        `train_cpu_s`, `train_wall_s`, `train_rows`, `predict_*` alike and `peak_rss_bytes` of the trial's own step,
        `total_*` with every step that it reads. What was not measured is NaN."""
        from bench.records.frames import trials_frame

        return trials_frame(self)

    def users(self) -> pd.DataFrame:
        """A row for each dataset, protocol, seed, method and test user, from the tables that the analysis keeps. Columns:
        `bench.records.USER_COLUMNS`. Raises RecordError where there is no analysis."""
        from bench.records.frames import users_frame

        return users_frame(self)


def load(folder: Path | str) -> Run:
    """Read a run: the records that are there of the trials that its manifest lists. Other records of its folder, of an older
    suite say, are left alone.

    Raises NoRunError where there is no run, RecordError where the manifest or a record is damaged or of a newer schema."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    found = records_of(folder, manifest["trials"])
    records = tuple(record for record in found if record is not None)
    conflicts = tuple(conflict for record in records if (conflict := _conflict(folder, record)))
    return Run(
        folder, followed(manifest, found), records, conflicts, *read_analyses(folder, records)
    )


def _conflict(folder: Path, record: Record) -> Conflict | None:
    if not of_record(record).ok:
        return None
    path = record_path(folder, record["id"])
    others = sorted(path.parent.glob(f"{record['id']}.*.json"))
    for other in others:
        read_record(other)
    names = tuple(file.relative_to(folder).as_posix() for file in (path, *others))
    return Conflict(record["trial"], names) if others else None
