"""The entries of a cache folder, by the names that the harness gives them. Anything else is not the harness's to touch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from bench.errors import StorageError
from bench.storage.kept import DIGESTS
from bench.storage.temporary import is_temporary

__all__ = ["ROOMS", "Contents", "Entry", "Room", "contents", "is_cache"]

Room = Literal["data", "steps", "downloads", "runs"]
ROOMS: dict[Room, re.Pattern[str]] = {
    "data": re.compile(r".+-[0-9a-f]{24}(\.corrupt)?"),
    "steps": re.compile(
        r"(fit|select|split)-[0-9a-f]{32}(\.log)?"
    ),  # what a step printed lies beside it
    "downloads": re.compile(r"[0-9a-f]{16}-.+"),
    "runs": re.compile(r"[0-9a-f]{32}\.json"),
}
_FOLDERS = ("data", "steps")
# of the harness's own processes, and empty where none is at work
_PASSING = ("in-use", "leases", "locks", "logs", "work")


class Entry(NamedTuple):
    """A prepared dataset, a step, a download, or the note of a finished run. `used`: when it was made or last used, seconds of
    the file system's clock."""

    path: Path
    room: Room
    bytes: int
    used: float


class Contents(NamedTuple):
    """`unknown`: files and folders that the harness did not make; `passing`: bytes of what processes share and sweep."""

    cache: Path
    entries: tuple[Entry, ...]
    unknown: tuple[Path, ...]
    passing: int


def contents(cache: Path) -> Contents:
    """What lies in a cache; nothing where there is no folder. Raises StorageError where it can't be read."""
    try:
        found = [entry for room in ROOMS for entry in _entries(cache, room)]
        unknown = [path for room in ("", *ROOMS) for path in _unknown(cache, room)]
        passing = sum(_size(cache / room) for room in _PASSING)
    except OSError as error:
        raise StorageError(
            f"cache {error.filename or cache}: can't be read: {error.strerror}; make it readable, or name another folder with "
            "--cache-dir or BENCH_CACHE"
        ) from error
    return Contents(cache, tuple(found), tuple(unknown), passing)


def is_cache(cache: Path) -> bool:
    """Whether a folder is the harness's cache, or could become one: it is not there, holds nothing, or something that the
    harness made. Raises StorageError where it can't be read."""
    found = contents(cache)
    return bool(found.entries) or not found.unknown


def _entries(cache: Path, room: Room) -> Iterator[Entry]:
    for path in _listed(cache / room):
        if _is_ours(path, room):
            yield Entry(path, room, _size(path), path.lstat().st_mtime)


def _is_ours(path: Path, room: Room) -> bool:
    """By its name, and of a folder by what the harness writes into each: links lead elsewhere."""
    if path.is_symlink() or not ROOMS[room].fullmatch(path.name):
        return False
    if room not in _FOLDERS or path.suffix == ".log":
        return path.is_file()
    return path.is_dir() and (path.suffix == ".corrupt" or (path / DIGESTS).is_file())


def _unknown(cache: Path, room: str) -> Iterator[Path]:
    known = (*ROOMS, *_PASSING)
    for path in _listed(cache / room):
        if room == "":
            if path.name not in known or not path.is_dir():
                yield path
        elif not is_temporary(path) and not _is_ours(path, room):  # type: ignore[arg-type]
            yield path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    """Bytes of a file, or of all in a folder; links count as links. What is gone meanwhile has none."""
    total = 0
    try:
        if not path.is_dir() or path.is_symlink():
            return path.lstat().st_size
        for folder, _, files in os.walk(path):
            total += sum(_size(Path(folder, name)) for name in files)
    except FileNotFoundError:
        pass
    return total
