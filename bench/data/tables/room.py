"""Where columns lie while others are at work: in memory, or on disk, so that memory holds few of them at once."""

from __future__ import annotations

import io
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

__all__ = ["InMemory", "Kept", "OnDisk", "Room", "Shelf", "counts_of", "windows"]

Reader = TypeVar("Reader")
WINDOW = 2**20  # rows at work at a time


def windows(rows: int) -> Iterator[slice]:
    """All rows, in parts."""
    for start in range(0, rows, WINDOW):
        yield slice(start, min(start + WINDOW, rows))


def counts_of(codes: np.ndarray, size: int) -> np.ndarray:
    """(size,) int64: how often each code of (n,) in [0, size) is there."""
    counts = np.zeros(size, np.int64)
    for rows in windows(len(codes)):
        counts += np.bincount(codes[rows], minlength=size)
    return counts


class Kept(ABC):
    """A column (n,) that was set aside."""

    @abstractmethod
    def part(self, rows: slice) -> np.ndarray:
        """Not to be written to."""

    @abstractmethod
    def load(self) -> np.ndarray: ...


class Shelf(ABC):
    """Arrow arrays that were set aside, in their order."""

    @abstractmethod
    def append(self, cells: pa.Array) -> None: ...

    @abstractmethod
    def __iter__(self) -> Iterator[pa.Array]: ...


class Room(ABC):
    """Raises OSError where nothing more can be written."""

    @abstractmethod
    def shelf(self) -> Shelf: ...

    @abstractmethod
    def keep(self, blocks: Iterable[np.ndarray], dtype: np.dtype) -> Kept:
        """One after another they are the column."""

    @abstractmethod
    def finish(
        self, name: str, blocks: Iterable[np.ndarray], dtype: np.dtype, shape: Sequence[int]
    ) -> np.ndarray:
        """An array of the result, made of blocks of its rows; on disk it is NAME.npy, mapped."""


# -- in memory


class InMemory(Room):
    def shelf(self) -> Shelf:
        return _HeldArrays()

    def keep(self, blocks: Iterable[np.ndarray], dtype: np.dtype) -> Kept:
        held = list(blocks)
        return _Held(held[0] if len(held) == 1 else np.concatenate([np.empty(0, dtype), *held]))

    def finish(
        self, name: str, blocks: Iterable[np.ndarray], dtype: np.dtype, shape: Sequence[int]
    ) -> np.ndarray:
        del name
        none = np.empty((0, *shape[1:]), dtype)
        return np.concatenate([none, *blocks])


class _Held(Kept):
    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def part(self, rows: slice) -> np.ndarray:
        return self._values[rows]

    def load(self) -> np.ndarray:
        return self._values


class _HeldArrays(Shelf):
    def __init__(self) -> None:
        self._arrays: list[pa.Array] = []

    def append(self, cells: pa.Array) -> None:
        self._arrays.append(cells)

    def __iter__(self) -> Iterator[pa.Array]:
        return iter(self._arrays)


# -- on disk


class OnDisk(Room):
    """In files of a folder, which must be there; who made it removes it. A column's file goes when nobody can read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = 0

    def shelf(self) -> Shelf:
        path = self._new_file()
        return _gone_with(_StoredArrays(path), path)

    def keep(self, blocks: Iterable[np.ndarray], dtype: np.dtype) -> Kept:
        path = self._new_file()
        with path.open("wb") as file:
            _write(file, blocks)
        return _gone_with(_Stored(path, dtype), path)

    def finish(
        self, name: str, blocks: Iterable[np.ndarray], dtype: np.dtype, shape: Sequence[int]
    ) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        told = {"descr": dtype.str, "fortran_order": False, "shape": tuple(shape)}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, told)
            _write(file, blocks)
        return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))

    def _new_file(self) -> Path:
        self._files += 1
        return self.folder / f"column-{self._files}"


def _gone_with(reader: Reader, path: Path) -> Reader:
    weakref.finalize(reader, path.unlink, missing_ok=True)
    return reader


def _write(file: io.BufferedWriter, blocks: Iterable[np.ndarray]) -> None:
    for block in blocks:
        file.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)


class _Stored(Kept):
    def __init__(self, path: Path, dtype: np.dtype) -> None:
        self._path, self._dtype = path, dtype

    def part(self, rows: slice) -> np.ndarray:
        count = rows.stop - rows.start
        return np.fromfile(self._path, self._dtype, count, offset=rows.start * self._dtype.itemsize)

    def load(self) -> np.ndarray:
        return np.fromfile(self._path, self._dtype)


class _Span(NamedTuple):
    start: int
    length: int


class _StoredArrays(Shelf):
    """Each as a stream of Arrow's own, so that it is read as it was, its type and dictionary too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spans: list[_Span] = []

    def append(self, cells: pa.Array) -> None:
        stream = pa.BufferOutputStream()
        batch = pa.record_batch([cells], [""])
        with pa.ipc.new_stream(stream, batch.schema) as writer:
            writer.write_batch(batch)
        content = stream.getvalue()
        with self._path.open("ab") as file:
            self._spans.append(_Span(file.tell(), len(content)))
            file.write(content)

    def __iter__(self) -> Iterator[pa.Array]:
        with self._path.open("rb") as file:
            for span in self._spans:
                file.seek(span.start)
                content = pa.py_buffer(file.read(span.length))
                yield pa.ipc.open_stream(content).read_all().column(0).combine_chunks()
