"""A file that a command was asked for: whole or not there, in the place of an earlier one and of nothing else."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from bench.cli._output import say
from bench.errors import StorageError
from bench.storage.remedy import remedy
from bench.storage.temporary import hold, sync_folder, temporary_name

__all__ = ["check_folder", "encoded", "write_whole", "wrote"]

_OF_THE_SYSTEM = ("dev", "proc")  # /dev/stdout leads to a file that is open already


def write_whole(path: Path, data: bytes, what: str = "") -> None:
    """Make or replace a file at once, and say so: whoever reads it sees the old one or the new one. A link still leads where
    it led; a device or a pipe is written to. Raises StorageError, for a folder, for a file that a run keeps, and where there
    is no folder to write in. `what`: it holds, in words."""
    _check_of_no_run(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if _is_stream(path):
            path.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; {remedy(error, 'choose another file')}"
        ) from error
    wrote(path, what)


def wrote(path: Path, what: str = "") -> None:
    """Every command says in this way what it has left where, on standard error."""
    say(f"wrote {path} ({what})" if what else f"wrote {path}")


def encoded(text: str) -> bytes:
    """Half a character, which JSON may hold and UTF-8 may not, as an escape."""
    return text.encode("utf-8", "backslashreplace")


def check_folder(path: Path) -> None:
    """StorageError for a folder that a run keeps its results in, for a file, and for a name that no folder can have."""
    try:
        is_other = not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        is_other = path.is_symlink()
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; {remedy(error, 'choose another folder')}"
        ) from error
    if is_other:
        raise StorageError(f"{path}: is no folder; choose another one")
    _check_of_no_run(path / "figure")


def _check_of_no_run(path: Path) -> None:
    """StorageError for a file that a run keeps: its results would be lost."""
    from bench.records import run_that_keeps  # which `--help` does without

    if (run := run_that_keeps(path)) is not None:
        raise StorageError(
            f"{path}: not written, it belongs to the run in {run}, which would be lost; choose another file"
        )


def _is_stream(path: Path) -> bool:
    of_the_system = path.absolute().parts[1:2] in [(part,) for part in _OF_THE_SYSTEM]
    return of_the_system or (path.exists() and not path.is_file())


def _replace(path: Path, data: bytes) -> None:
    temporary = temporary_name(path)
    try:
        with temporary.open("xb") as file:
            hold(file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
            os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):  # gone once it stands in its place
            temporary.unlink(missing_ok=True)
