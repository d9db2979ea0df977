"""The cache folder: how processes share it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bench.cache_folder import cache_dir
from bench.storage.temporary import sweep
from bench.storage.trouble import writing

__all__ = ["Report", "cache_dir", "file_digest", "locked", "slug", "sweep_cache"]

Report = Callable[[str], None]  # takes one line of progress


def slug(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip(".")[:60] or "unnamed"


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_cache(cache: Path) -> None:
    """Remove what killed processes have left half written."""
    for room in ("data", "downloads", "runs", "steps", "work"):
        sweep(cache / room)


@contextmanager
def locked(cache: Path, name: str, report: Report) -> Iterator[None]:
    """One process at a time downloads and prepares what `name` names; the others wait, then find it done."""
    with writing(cache):
        (cache / "locks").mkdir(parents=True, exist_ok=True)
        lock = FileLock(cache / "locks" / f"{slug(name)}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            report(f"{name}: another process is preparing it; waiting")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
