"""A folder of the cache: it appears whole or not at all, and what is read back of it is what was written.

`digests.json` lies beside its files, with size and sha256 of each and a digest of its own."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bench.errors import DamagedCacheError, StorageError
from bench.storage.in_use import touch
from bench.storage.temporary import remove, sync_folder, temporary_folder, temporary_name

__all__ = ["DIGESTS", "KeptFolder", "commit_folder", "commit_whole", "discard", "seal"]

DIGESTS = "digests.json"
_TRIES = 10  # at a name that other processes want too
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # a name is


# -- writing


def commit_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` write a folder under a temporary name, then rename it: nobody sees half of one. The first writer wins,
    where what it left is whole; what is not whole is replaced. On disk when this returns. Raises OSError."""
    with temporary_folder(folder) as temporary:
        fill(temporary)
        seal(temporary)
        _publish(temporary, folder)
        sync_folder(folder.parent)


def commit_whole(folder: Path, fill: Callable[[Path], None]) -> None:
    """The same for what has its digests already, or is known by its name: what is there stays. Raises OSError."""
    with temporary_folder(folder) as temporary:
        fill(temporary)
        for place in (temporary, *temporary.rglob("*")):
            sync_folder(place)  # a file as well
        try:
            temporary.rename(folder)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        sync_folder(folder.parent)


def seal(folder: Path) -> None:
    """Write the digests of a folder's files, all of it to disk."""
    files = {file.name: _written(file) for file in sorted(folder.iterdir())}
    sealed = {"files": files, "digest": _digest_of(files)}
    (folder / DIGESTS).write_text(json.dumps(sealed, indent=1), "utf-8")
    _written(folder / DIGESTS)
    sync_folder(folder)


def discard(folder: Path) -> None:
    """Remove a folder, at once for all who look. Raises OSError where that is not possible."""
    gone = temporary_name(folder)
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    remove(gone)


def _publish(temporary: Path, folder: Path) -> None:
    for _ in range(_TRIES):
        try:
            temporary.rename(folder)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            if not KeptFolder(folder).damage():  # another process was first; it holds the same
                return
            discard(folder)
        else:
            return
    raise OSError(errno.EBUSY, "other processes go on replacing it", str(folder))


def _written(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return {"bytes": os.fstat(opened.fileno()).st_size, "sha256": _sha256(opened)}


# -- reading


@dataclass(frozen=True)
class KeptFolder:
    """A folder that `commit_folder` wrote. Whatever reads of it raises DamagedCacheError where it is not what was written, and
    StorageError where it can't be read."""

    path: Path

    def exists(self) -> bool:
        """Whether anything is there."""
        try:
            return self.path.exists()
        except OSError as error:
            raise self._unreadable("", error) from error

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def array(self, name: str) -> np.ndarray:
        """NAME.npy."""
        with self._checked(f"{name}.npy") as opened:
            return np.load(opened, allow_pickle=False)  # type: ignore[no-any-return]

    def json(self, name: str) -> Any:
        with self._checked(name) as opened:
            return json.load(opened)

    def file(self, name: str) -> Path:
        """Of what others read by its path."""
        self._checked(name).close()
        return self.path / name

    @property
    def digest(self) -> str:
        """Of the digests of all that was written into it."""
        return _digest_of(self._files)

    def damage(self, without: Collection[str] = ()) -> str:
        """What is wrong in a line, or nothing: every file is read, but for those left out. Who asks is about to use the
        folder, whose time is that of its last use. Raises StorageError alone."""
        touch(self.path)
        try:
            for name in self._files.keys() - {*without}:
                self._checked(name).close()
        except DamagedCacheError as damage:
            return damage.what
        return ""

    def looks_whole(self) -> bool:
        """Whether every file is there and as long as it was: nothing but the digests is read."""
        try:
            return all(
                (self.path / name).stat().st_size == told["bytes"]
                for name, told in self._files.items()
            )
        except (OSError, StorageError):
            return False

    @cached_property
    def _files(self) -> Mapping[str, Mapping[str, Any]]:
        """Name to size and sha256."""
        with self._opened(DIGESTS) as opened:
            text = opened.read()
        try:
            sealed = json.loads(text)
            files: dict[str, dict[str, Any]] = sealed["files"]
            if sealed["digest"] == _digest_of(files):
                return files
        except (ValueError, KeyError, TypeError):
            pass
        raise self._damage(DIGESTS, "is truncated or edited")

    def _checked(self, name: str) -> BinaryIO:
        """A file, open at its start, whose content is what was written."""
        if name not in self._files:
            raise self._damage(name, "is not among the files that were written")
        opened = self._opened(name)
        try:
            same = _sha256(opened) == self._files[name]["sha256"]
        except OSError as error:
            opened.close()
            raise self._unreadable(name, error) from error
        if not same:
            opened.close()
            raise self._damage(name, "is truncated or changed: its sha256 is another")
        opened.seek(0)
        return opened

    def _opened(self, name: str) -> BinaryIO:
        try:
            return (self.path / name).open("rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._damage(name, "is missing") from error
        except OSError as error:
            raise self._unreadable(name, error) from error

    def _damage(self, name: str, what: str) -> DamagedCacheError:
        return DamagedCacheError(self.path, f"{name} {what}")

    def _unreadable(self, name: str, error: OSError) -> StorageError:
        return StorageError(
            f"cache {self.path / name}: can't be read: {error.strerror or error}; make it readable, or choose another folder "
            "with --cache-dir or BENCH_CACHE"
        )


def _sha256(opened: BinaryIO) -> str:
    return hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]


def _digest_of(files: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
