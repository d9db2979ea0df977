"""Folders in use: whoever works in one says so, and who would tidy it up asks first.

A lock on the folder itself, which ends with its process: nothing is left of it, and nothing stays locked. Where the file
system knows no locks, all goes on without."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["alone_in", "touch", "unused", "using"]


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Inside, the folder, which is made where it is not there, is in use; others may use it too. Waits for who tidies it up.
    Where it can't be made or opened, nobody can tidy it up either. Raises nothing."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether nobody uses a folder; if so, nobody begins to inside. One that can't be opened may be in use."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Inside, nobody uses the folder; waits for those that do. Raises OSError for one that can't be opened."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def touch(path: Path) -> None:
    """Note that what lies at `path` is used now, while nobody removes anything from its folder. What can't be written to is
    not noted, and nobody can remove it."""
    try:
        descriptor = os.open(path.parent, os.O_RDONLY)
    except OSError:
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        with suppress(OSError):
            os.utime(path)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
