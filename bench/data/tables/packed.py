"""Files as they lie: plain, gzip, or a zip archive of one file; unpacked as they are read, and never without bound."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bench.errors import DataError

__all__ = ["UNPACK_RATIO", "inner_name", "opened"]

UNPACK_RATIO = (
    100  # a packed file may grow to so many times its size; tables of numbers take 3 to 20
)
ALWAYS = 16 * 2**20  # bytes that any packed file may grow to
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive of nothing
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)


@contextmanager
def opened(path: Path, ratio: int = UNPACK_RATIO) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is packed, whatever its name. DataError where it can't be unpacked, holds
    several files, or grows beyond `ratio` times its size (16 MiB are always allowed)."""
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if not head.startswith((_GZIP, *_ZIP)):
            yield file
            return
        with _unpacking(path, file, head) as inner:
            yield io.BufferedReader(_Bounded(path, inner, ratio), 2**18)


def inner_name(path: Path) -> str:
    """The name that says what the bytes of `opened` are: without .gz, of a zip archive that of the file in it."""
    if path.suffix.lower() == ".gz":
        return path.stem
    with path.open("rb") as file:
        if file.read(4) in _ZIP:
            file.seek(0)
            with _archive(path, file) as archive:
                return Path(_only_member(path, archive).filename).name
    return path.name


@contextmanager
def _unpacking(path: Path, file: BinaryIO, head: bytes) -> Iterator[BinaryIO]:
    if head.startswith(_GZIP):
        with gzip.GzipFile(fileobj=file) as inner:
            yield inner  # type: ignore[misc]
        return
    with _archive(path, file) as archive:
        member = _only_member(path, archive)
        try:
            stream = archive.open(member)
        except _DAMAGED as error:
            raise _damaged(path, error) from error
        with stream:
            yield stream  # type: ignore[misc]


@contextmanager
def _archive(path: Path, file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    with archive:
        yield archive


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    # what macOS puts beside the files of an archive is no data
    members = [
        one
        for one in archive.infolist()
        if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(members) == 1:
        return members[0]
    names = ", ".join(one.filename for one in members[:5])
    held = f"{len(members)} files ({names}{', …' if len(members) > 5 else ''})" if names else "none"
    raise DataError(
        f"{path.name}: is a zip archive (or a spreadsheet) and one file is expected in it; it holds {held}; unpack it and "
        "name one, or save the spreadsheet as CSV"
    )


def _damaged(path: Path, error: BaseException) -> DataError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(f"can't be unpacked ({reason}); fetch or pack it again", file=path.name)


class _Bounded(io.RawIOBase):
    """Bytes of a packed file, up to a limit."""

    def __init__(self, path: Path, inner: BinaryIO, ratio: int) -> None:
        self._path, self._inner, self._ratio = path, inner, ratio
        self._left = max(ALWAYS, ratio * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        try:
            content = self._inner.read(len(view))
        except _DAMAGED as error:
            raise _damaged(self._path, error) from error
        self._left -= len(content)
        if self._left < 0:
            raise DataError(
                f"{self._path.name}: unpacks to more than {self._ratio} times its size; if it is meant to, raise "
                f"`unpack_ratio` ({self._ratio}), or unpack it yourself"
            )
        view[: len(content)] = content
        return len(content)
