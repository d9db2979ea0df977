"""A disk that fails at the n-th call that writes: full (ENOSPC), broken (EIO), or full in the middle of a write."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

__all__ = ["FAULTS", "Disk", "Fault", "content", "disk", "temporaries"]

Fault = Literal["ENOSPC", "EIO", "short write"]
FAULTS: tuple[Fault, ...] = ("ENOSPC", "EIO", "short write")
_CALLS = ("open", "fsync", "link", "replace", "rename", "mkdir", "unlink", "rmdir", "utime")


class Disk:
    """`calls`: names of those made so far. A short write is one of a write alone: half of it, and no room for the rest."""

    def __init__(self, fails_at: int | None, fault: Fault) -> None:
        self.calls: list[str] = []
        self._fails_at, self._fault = fails_at, fault
        self._is_full = False

    @property
    def failed(self) -> bool:
        return self._fails_at is not None and len(self.calls) > self._fails_at

    def call(self, name: str, path: object = None) -> None:
        if self._is_next(name) and self._fault != "short write":
            number = errno.ENOSPC if self._fault == "ENOSPC" else errno.EIO
            raise OSError(number, os.strerror(number), path)

    def room_for(self, size: int) -> int:
        """Bytes of a write that are written."""
        if self._is_full:
            self._is_full = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if not self._is_next("write"):
            return size
        if self._fault != "short write":
            number = errno.ENOSPC if self._fault == "ENOSPC" else errno.EIO
            raise OSError(number, os.strerror(number))
        self._is_full = True
        return size // 2

    def _is_next(self, name: str) -> bool:
        self.calls.append(name)
        return len(self.calls) - 1 == self._fails_at


class _Raw(io.FileIO):
    """A file on such a disk."""

    disk: Disk

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        room = self.disk.room_for(len(view))
        return int(super().write(view[:room]) or 0)


@contextmanager
def disk(fails_at: int | None = None, fault: Fault = "ENOSPC") -> Iterator[Disk]:
    """Inside, what Python's files and `os` write goes to such a disk; None: one that never fails, to count."""
    made = Disk(fails_at, fault)
    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, _counted(made, name, getattr(os, name)))
        patch.setattr(io, "open", _opening(made, io.open))
        yield made


def _counted(made: Disk, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, *arguments: Any, **options: Any) -> Any:
        made.call(name, path)
        return real(path, *arguments, **options)

    return call


def _opening(made: Disk, real: Callable[..., Any]) -> Callable[..., Any]:
    def open_(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return real(file, mode, *arguments, **options)
        made.call("open for writing", file)
        raw = _Raw(file, mode.replace("b", ""))
        raw.disk = made
        buffered = io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")

    return open_


def content(folder: Path) -> dict[str, bytes]:
    """Of all files but temporary ones."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.endswith(".tmp") for part in path.parts)
    }


def temporaries(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".*.tmp"))
