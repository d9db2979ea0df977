"""Trouble with the cache is the cache's: one error that names its folder and what to do, never a model's fault."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import StorageError
from bench.storage.temporary import remove, temporary_name

__all__ = ["check_writable", "writing"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PROBE = bytes(4096)


@contextmanager
def writing(cache: Path) -> Iterator[None]:
    """An OSError inside is the cache's fault: StorageError."""
    try:
        yield
    except OSError as error:
        room = "free some space, or " if error.errno in _FULL else ""
        raise StorageError(
            f"cache {cache}: can't be written: {error.strerror or error}; {room}choose another folder with --cache-dir or "
            "BENCH_CACHE"
        ) from error


def check_writable(cache: Path) -> None:
    """Raises StorageError where a small file can't be written to the cache."""
    probe = temporary_name(cache / "probe")
    with writing(cache):
        try:
            cache.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(_PROBE)
        finally:
            remove(probe)
