"""Where a run stands, whoever asks and whatever became of its process: at work, killed, or ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import NoRunError
from bench.job.outcome import of_record
from bench.records.analysis_file import read_analyses
from bench.records.manifest_file import followed, lacking, read_manifest, records_of, trial_of
from bench.records.record import Record
from bench.records.status_file import RunStatus, read_status
from bench.storage.in_use import unused

__all__ = ["Lacking", "Standing", "is_at_work", "run_status"]


class Lacking(NamedTuple):
    """A trial that was asked for and has no result; `status` and `reason` are empty where it has no record."""

    trial: Mapping[str, Any]
    status: str
    reason: str


class Standing(NamedTuple):
    """`state`: running; killed, where a process ended without saying so; else what the manifest says by its records: complete,
    part, incomplete, interrupted. `runs`: of those at work, or killed, what they said last: one that has just begun, or can't
    write, has said nothing. Of `asked` trials so many have a result; `lacks_analysis`: all have, no run is at work, and there
    is no analysis of these records."""

    folder: Path
    state: str
    runs: tuple[RunStatus, ...]
    asked: int
    with_result: int
    lacking: tuple[Lacking, ...]
    lacks_analysis: bool

    @property
    def exit_code(self) -> int:
        """3 while it runs, 0 where all that was asked for has a result, else 4."""
        if self.state == "running":
            return 3
        return 0 if self.asked and not self.lacking else 4


def run_status(folder: Path) -> Standing:
    """Raises NoRunError where there is no run, RecordError where a file is damaged, StorageError where one can't be read."""
    runs = tuple(read_status(folder))  # before the manifest: who has ended since has written that
    state = "running" if _is_at_work(folder, runs) else "killed" if runs else ""
    try:
        manifest = read_manifest(folder)
    except NoRunError as error:
        if state == "running":
            raise NoRunError(
                f"{folder} has just begun: it has no manifest yet; ask again in a moment"
            ) from None
        raise NoRunError(
            f"{error}. One that has just begun prepares its data first, and has no manifest yet"
        ) from None
    records = records_of(folder, manifest["trials"])
    now = followed(manifest, records)
    reasons = {record["id"]: of_record(record) for record in records if record is not None}
    asked = sum(line["asked"] for line in now["trials"])
    without = lacking(now["trials"])
    at_work = state == "running"
    told = [(line, reasons.get(line["record"])) for line in without]
    return Standing(
        folder=folder,
        state=state or now["status"],
        runs=runs,
        asked=asked,
        with_result=asked - len(without),
        lacking=tuple(
            Lacking(trial_of(line), *(("", "") if one is None else (one.label, one.reason)))
            for line, one in told
        ),
        lacks_analysis=not (at_work or without) and _lacks_analysis(folder, records),
    )


def _lacks_analysis(folder: Path, records: Sequence[Record | None]) -> bool:
    """Where there is more to analyse than bounds."""
    known = [record for record in records if record is not None]
    analysed = any(record["kind"] != "bound" for record in known)
    return analysed and not read_analyses(folder, known).analyses


def is_at_work(folder: Path) -> bool:
    """Whether a run is. Raises as `read_status` does."""
    return _is_at_work(folder, read_status(folder))


def _is_at_work(folder: Path, runs: tuple[RunStatus, ...] | list[RunStatus]) -> bool:
    """One that said nothing yet holds the room of its blobs."""
    if any(run.alive for run in runs):
        return True
    room = folder / "blobs"
    if not room.is_dir():
        return False
    with unused(room) as nobody:
        return not nobody
