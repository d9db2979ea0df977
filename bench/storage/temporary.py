"""Temporary files and folders that a killed process does not leave for ever.

Whoever makes one holds a lock on it. The lock ends with its process, however that ends; so what nobody holds is a leftover."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

__all__ = [
    "hold",
    "is_leftover",
    "is_temporary",
    "remove",
    "sweep",
    "sync_folder",
    "temporary_folder",
    "temporary_name",
]


_NAME = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")


def temporary_name(path: Path) -> Path:
    """A name beside `path` that no other process has, in this container or another."""
    return path.parent / f".{path.name}.{uuid4().hex}.tmp"


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """A new folder beside `path`, gone in the end unless it was renamed. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder, lock = _made(path)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def hold(descriptor: int) -> None:
    """Lock an open file or folder until it is closed; where the file system has no locks, nothing is swept either."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def sweep(folder: Path) -> None:
    """Remove what killed processes have left in a folder, of the names that are given here alone. What can't be removed
    stays: it harms nobody."""
    with suppress(OSError):
        for leftover in folder.iterdir():
            if is_temporary(leftover):
                with suppress(OSError):
                    _remove_unless_held(leftover)


def is_temporary(path: Path) -> bool:
    """Whether its name is one that is given here."""
    return _NAME.fullmatch(path.name) is not None


def is_leftover(path: Path) -> bool:
    """Whether it is a temporary file or folder that nobody holds."""
    if not is_temporary(path):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone meanwhile, or not ours to read
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def remove(path: Path) -> None:
    """A file or a folder with all that is in it, as far as that is possible."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _made(path: Path) -> tuple[Path, int]:
    """A folder and its lock. One that was swept before it was locked is made again."""
    while True:
        folder = temporary_name(path)
        folder.mkdir()
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        hold(lock)
        if folder.exists():
            return folder, lock
        os.close(lock)


def _remove_unless_held(leftover: Path) -> None:
    descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(leftover)
    finally:
        os.close(descriptor)
