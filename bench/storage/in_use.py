"""Folders in use: whoever works in one says so, and who would tidy it up asks first.

A lock on the folder itself, which ends with its process: nothing is left of it, and nothing stays locked."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["unused", "using"]


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Inside, the folder, which is made where it is not there, is in use; others may use it too. Waits for who tidies it up.
    Where it can't be made or locked, nobody can tidy it up either. Raises nothing."""
    descriptor = None
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether nobody uses a folder; if so, nobody begins to inside. Raises OSError for one that can't be opened."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
