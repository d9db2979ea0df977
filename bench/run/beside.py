"""What runs beside this one have recorded of its trials, of which it may hear much later: as it looks at them itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.run.state import RunState

__all__ = ["RecordedBeside"]

_ROOMS = ("records", "failures")


class RecordedBeside:
    """Made before the run looks which of its trials are recorded."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._before = _files(state.folder)

    def titles(self) -> set[str]:
        """Of trials that were to be done and have a record since, by whomever."""
        new = {name for _, name in _files(self._state.folder) - self._before}
        return {title for identity, title in self._state.left.items() if f"{identity}.json" in new}


def _files(folder: Path) -> set[tuple[str, str]]:
    return {(room, name) for room in _ROOMS for name in _names(folder / room)}


def _names(room: Path) -> Iterator[str]:
    try:
        yield from os.listdir(room)
    except OSError:  # there is none yet
        return
