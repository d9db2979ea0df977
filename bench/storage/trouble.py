"""Trouble with the cache is the cache's: one error that names its folder and what to do, never a model's fault."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import StorageError
from bench.storage.remedy import remedy
from bench.storage.temporary import remove, temporary_name

__all__ = ["blamed", "check_writable", "writing"]

_LITTLE, _MUCH = 4096, 2**20  # bytes


@contextmanager
def writing(cache: Path) -> Iterator[None]:
    """An OSError inside is the cache's fault: StorageError."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # numpy's error, "100 requested and 60 written"
            error = OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({error})")
        fix = remedy(error, "choose another folder with --cache-dir or BENCH_CACHE")
        raise StorageError(f"cache {cache}: can't be written: {error.strerror}; {fix}") from error


def check_writable(cache: Path, size: int = _LITTLE) -> None:
    """Raises StorageError where a file of so many bytes can't be written to the cache."""
    probe = temporary_name(cache / "probe")
    with writing(cache):
        try:
            cache.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(bytes(size))
        finally:
            remove(probe)


def blamed(error: BaseException, cache: Path) -> BaseException:
    """The error itself; or StorageError, where a plugin could not write (to its scratch folder, say) and nobody can."""
    if not isinstance(error, OSError):
        return error
    if not cache.is_dir():
        return StorageError(
            f"cache {cache}: is gone; run again, or choose another folder with --cache-dir"
        )
    try:
        check_writable(cache, _MUCH)
    except StorageError as fault:
        return fault
    return error
