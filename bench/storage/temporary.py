"""Temporary files and folders that a killed process does not leave for ever.

Whoever makes one holds a lock on it. The lock ends with its process, however that ends; so what nobody holds is a leftover."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

__all__ = ["hold", "remove", "sweep", "sync_folder", "temporary_folder", "temporary_name"]


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
    """Remove what killed processes have left in a folder. What can't be removed stays: it harms nobody."""
    with suppress(OSError):
        for leftover in folder.glob(".*.tmp"):
            with suppress(OSError):
                _remove_unless_held(leftover)


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
