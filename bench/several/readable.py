"""Of several runs those that can be read: one that is damaged takes none of the others with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.errors import StorageError
from bench.records import Run, load
from bench.report import Note, check_run
from bench.report.words.names import visible

__all__ = ["LeftOut", "Readable", "left_out_notes", "readable"]


class LeftOut(NamedTuple):
    """A run's folder, and why it can't be read."""

    folder: Path
    reason: str


class Readable(NamedTuple):
    runs: list[Run]
    left_out: tuple[LeftOut, ...]


def readable(folders: Iterable[Path], least: int = 1) -> Readable:
    """The runs in their order, and those that can't be read. Raises NoRunError for a folder that is no run; where fewer than
    `least` are left, what the first of the others raises."""
    runs: list[Run] = []
    errors: list[tuple[Path, StorageError]] = []
    for folder in folders:
        try:
            runs.append(_read(folder))
        except StorageError as error:
            errors.append((folder, error))
    if errors and len(runs) < least:
        raise errors[0][1]
    return Readable(runs, tuple(LeftOut(folder, str(error)) for folder, error in errors))


def _read(folder: Path) -> Run:
    run = load(folder)
    check_run(run)
    return run


def left_out_notes(left_out: Sequence[LeftOut]) -> Iterator[Note]:
    """Each by name, where figures of it would be looked for."""
    for one in left_out:
        yield Note(f"Left out, since it can't be read: {visible(one.reason)}", strong=True)
