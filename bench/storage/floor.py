"""Where the steps of several processes run beside one another, or one alone.

Two locked files. `floor` is shared by all processes in which a step runs, or held by the one whose step runs alone. `turn` is
held for a moment by who begins a step, and by who waits to be alone: so nobody begins before that one has had its turn. A lock
ends with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bench.storage.lease import lock, owner

__all__ = ["Floor"]


class Floor:
    """Of one process. Where no file can be locked, whoever asks may run."""

    def __init__(self, folder: Path) -> None:
        self._turn, self._floor = folder / "turn", folder / "floor"
        self._held: dict[Path, int] = {}

    def enter(self, *, alone: bool) -> bool:
        """Whether a step may begin; to begin alone, none of this process's own may run. Ask again while it may not."""
        try:
            return self._enter_alone() if alone else self._enter()
        except OSError:
            return True

    def leave(self) -> None:
        """No step of this process runs, nor waits to run alone."""
        for path in list(self._held):
            self._drop(path)

    def owner(self) -> int | None:
        """A process in which a step runs or waits to run alone, where that can be known."""
        return owner(self._floor) or owner(self._turn)

    def _enter(self) -> bool:
        if not self._get(self._turn, fcntl.LOCK_EX):
            return False
        try:
            return self._get(self._floor, fcntl.LOCK_SH)
        finally:
            self._drop(self._turn)

    def _enter_alone(self) -> bool:
        self._drop(self._floor)
        if not (self._get(self._turn, fcntl.LOCK_EX) and self._get(self._floor, fcntl.LOCK_EX)):
            return False
        self._drop(self._turn)
        return True

    def _get(self, path: Path, how: int) -> bool:
        try:
            self._held[path] = self._held.get(path) or lock(path, how)
        except BlockingIOError:
            return False
        return True

    def _drop(self, path: Path) -> None:
        descriptor = self._held.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)
