"""Files that are there whole or not at all, whatever is killed, filled up or written at once by two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import StorageError
from bench.storage.temporary import hold, sync_folder, temporary_name

__all__ = ["read", "replace", "write_once"]


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


def replace(path: Path, data: bytes) -> None:
    """Make a file or put another in its place; readers see the old or the new one. Raises StorageError."""
    with _temporary(path, data) as temporary:
        os.replace(temporary, path)
        sync_folder(path.parent)


def read(path: Path) -> bytes:
    """All of a file; FileNotFoundError where there is none, StorageError where it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"{path}: can't be read: {error.strerror}") from error


@contextmanager
def _temporary(path: Path, data: bytes) -> Iterator[Path]:
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
        fix = "free space or choose another folder with --out"
        raise StorageError(f"{path}: can't be written: {error.strerror}; {fix}") from error
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    with suppress(
        OSError
    ):  # a folder that can't be written to holds no temporary file of ours either
        path.unlink(missing_ok=True)
