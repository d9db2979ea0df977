"""Who is at work with a cache, and since when: a locked file in CACHE/in-use for each. The lock ends with its process."""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

__all__ = ["at_work", "began_first"]

_ROOM = "in-use"


@contextmanager
def at_work(cache: Path) -> Iterator[None]:
    """Inside, what is used of the cache from now on is not removed. A cache that can't be written to loses nothing anyway."""
    path = cache / _ROOM / f"{uuid4().hex}.lock"
    descriptor = _made(path)
    try:
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):
                path.unlink()
            os.close(descriptor)


def began_first(cache: Path) -> float:
    """When the first of those at work began, seconds of the file system's clock; infinity where nobody is. What dead processes
    have left is removed."""
    began = math.inf
    with suppress(OSError):
        for path in (cache / _ROOM).glob("*.lock"):
            with suppress(FileNotFoundError):
                began = min(began, _began(path))
    return began


def _made(path: Path) -> int | None:
    """The file's lock. One that was taken for a dead process's before it was locked is made again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                return descriptor
            os.close(descriptor)
    return None


def _began(path: Path) -> float:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.fstat(descriptor).st_mtime
    else:
        path.unlink()
        return math.inf
    finally:
        os.close(descriptor)
