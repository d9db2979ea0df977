"""Which runs a history is of, in time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bench.errors import NoRunError
from bench.records import Run
from bench.several.readable import Readable, readable

__all__ = ["runs_in_time"]

_MANIFEST = "manifest.json"


def runs_in_time(folders: Sequence[Path]) -> Readable:
    """Each folder is a run, or holds runs one level down; a run that is named twice counts once. By when they were started,
    those of one time by their folder. A run that can't be read is left out.

    Raises NoRunError where a folder is no run and holds none, RecordError where no run can be read."""
    found = {folder.resolve(): folder for given in folders for folder in _runs_of(given)}
    runs, left_out = readable(found.values())
    return Readable(sorted(runs, key=lambda run: (_started(run), str(run.folder))), left_out)


def _runs_of(folder: Path) -> Iterator[Path]:
    if (folder / _MANIFEST).exists():
        yield folder
        return
    held = sorted(folder.glob(f"*/{_MANIFEST}"))
    if not held:
        raise NoRunError(
            f"{folder}: no run, nor a folder that holds runs; name what `bench run` wrote"
        )
    yield from (manifest.parent for manifest in held)


def _started(run: Run) -> float:
    """Seconds since 1970; a run that does not say it stands first."""
    try:
        return datetime.fromisoformat(str(run.manifest.get("started"))).timestamp()
    except ValueError:
        return -math.inf
