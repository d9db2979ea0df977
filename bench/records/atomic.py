"""Files that are there whole or not at all, whatever is killed, filled up or written at once by two."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from bench.errors import RecordError, StorageError
from bench.storage.remedy import remedy
from bench.storage.temporary import hold, sync_folder, temporary_name

__all__ = ["MOST_BYTES", "alone", "opened", "read", "replace", "unreadable", "write_once"]

_NO_FILE = "not a regular file; remove it and run again"
_ELSEWHERE = "choose another folder with --out"
MOST_BYTES = 64 * 2**20  # of a JSON file: one of 10,000 trials takes a tenth of that


def write_once(path: Path, data: bytes) -> bool:
    """Make a file that must not exist yet; whether this call made it (the first writer wins). On disk when it returns.

    Raises StorageError."""
    with _temporary(path, data) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        sync_folder(path.parent)
        return True


def replace(path: Path, data: bytes, elsewhere: str = _ELSEWHERE) -> None:
    """Make a file or put another in its place; readers see the old or the new one. Raises StorageError, which says to write
    `elsewhere`."""
    with _temporary(path, data, elsewhere) as temporary:
        os.replace(temporary, path)
        sync_folder(path.parent)


def read(path: Path, most: int = MOST_BYTES) -> bytes:
    """All of a file of at most so many bytes; raises as `opened` does."""
    with opened(path, most) as file:
        return file.read(most + 1)


@contextmanager
def opened(path: Path, most: int) -> Iterator[BufferedReader]:
    """A regular file to read. FileNotFoundError where there is none; StorageError where it can't be read; RecordError where
    it is a pipe, a folder or a device, which might never end, or larger than `most` bytes."""
    try:
        # a pipe that nobody writes to would block
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            _check_readable(path, os.fstat(file.fileno()), most)
            yield file
    except FileNotFoundError:
        raise
    except NotADirectoryError as error:  # a file stands in the place of its folder
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except IsADirectoryError:
        raise RecordError(f"{path}: {_NO_FILE}") from None
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> StorageError:
    """What to raise for a file that is there and can't be read."""
    return StorageError(
        f"{path}: can't be read: {error.strerror}; make it readable, or choose another folder with --out"
    )


def _check_readable(path: Path, found: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise RecordError(f"{path}: {_NO_FILE}")
    if found.st_size > most:
        raise RecordError(
            f"{path}: {found.st_size:,} bytes, more than any that is written here has ({most:,}); remove it and run again"
        )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Inside, no other process is inside for the same folder. Nothing is left in it, and nothing stays locked by a process
    that was killed. File systems that know no locks do without one. Raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(
            f"{folder}: can't be used: {error.strerror}; {remedy(error, _ELSEWHERE)}"
        ) from error
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path, data: bytes, elsewhere: str = _ELSEWHERE) -> Iterator[Path]:
    """A synced file of that content beside `path`, gone in the end."""
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            hold(file.fileno())  # else another run's sweep would take it for a leftover
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield temporary
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; {remedy(error, elsewhere)}"
        ) from error
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    with suppress(
        OSError
    ):  # a folder that can't be written to holds no temporary file of ours either
        path.unlink(missing_ok=True)
