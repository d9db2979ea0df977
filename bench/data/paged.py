"""Large arrays of a step: in files without a name, mapped, whose pages the system drops and reads again as it needs memory.

What has a row for each of a dataset's is made through here, a block at a time, so that what a step has of its own follows its
tables and a block. What is small is plain memory."""

from __future__ import annotations

import errno
import math
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from bench.storage.trouble import writing

__all__ = ["BLOCK", "blocks", "copied", "new_array", "paging", "read_only"]

LARGE = 2**26  # bytes
BLOCK = 2**18  # rows
_folders: list[Path] = []  # of the step at work, the last; none where nobody said


@contextmanager
def paging(folder: Path) -> Iterator[None]:
    """Large arrays that are made inside lie below `folder`, for as long as someone has them."""
    _folders.append(folder)
    try:
        yield
    finally:
        _folders.pop()


def blocks(rows: int) -> Iterator[slice]:
    """So many rows, in order, a block at a time."""
    for start in range(0, rows, BLOCK):
        yield slice(start, min(start + BLOCK, rows))


def new_array(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
    """Zeros, to be written to. Raises StorageError where a file of that size has no room."""
    shape, kind = (shape,) if isinstance(shape, int) else shape, np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if not _is_large(size):
        return np.zeros(shape, kind)
    with _file_of(size) as file:
        return np.ndarray(shape, kind, buffer=mmap.mmap(file.fileno(), size))


def copied(values: np.ndarray) -> np.ndarray:
    """A copy, to be written to."""
    copy = new_array(values.shape, values.dtype)
    copy[...] = values
    return copy


def read_only(values: np.ndarray) -> np.ndarray:
    """A copy that can't be written to, nor made writable again: its memory is of a `bytes` object, or of a view of one kind.

    torch.from_numpy writes to it all the same (and warns): what is scored, mixed or recorded is read from another copy."""
    if not _is_large(values.nbytes):
        return np.ndarray(values.shape, values.dtype, buffer=values.tobytes())
    with _file_of(values.nbytes) as file:
        np.ndarray(values.shape, values.dtype, buffer=mmap.mmap(file.fileno(), values.nbytes))[
            ...
        ] = values
        own = mmap.mmap(file.fileno(), values.nbytes, access=mmap.ACCESS_COPY)
    # not by `buffer=`, which goes by what a view is of
    return np.frombuffer(memoryview(own).toreadonly(), values.dtype).reshape(values.shape)


def _is_large(size: int) -> bool:
    return bool(_folders) and size >= LARGE


@contextmanager
def _file_of(size: int) -> Iterator[IO[Any]]:
    """Of so many bytes, all of which have their place on disk: else who writes to a mapped page would be killed."""
    with writing(_folders[-1]), tempfile.TemporaryFile(dir=_folders[-1]) as file:
        file.truncate(size)
        _take_place(file.fileno(), size)
        yield file


def _take_place(descriptor: int, size: int) -> None:
    """As far as the system and the file system can say so beforehand."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
