"""Arrays and tables beside the records, named by the sha256 of their .npy or .parquet file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Container, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bench.errors import RecordError, StorageError
from bench.records import atomic

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "check_blob",
    "copy_blob",
    "is_whole",
    "read_blob",
    "read_table",
    "write_blob",
    "write_table",
]

MOST_BYTES = 4 * 2**30  # a thousand million float32


def write_blob(folder: Path, array: np.ndarray) -> str:
    """Keep a float32 or float64 array in the run's folder, once; its digest. Raises StorageError."""
    if array.dtype not in (np.float32, np.float64):
        raise RecordError(f"{folder}: a blob is float32 or float64, not {array.dtype}")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return _write(folder, buffer.getvalue(), "npy")


def write_table(folder: Path, table: pa.Table) -> str:
    """Keep a table in the run's folder as Parquet, once; its digest. Raises StorageError."""
    import pyarrow.parquet as pq  # reading a run needs none

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return _write(folder, buffer.getvalue(), "parquet")


def read_table(folder: Path, digest: str, columns: Container[str] | None = None) -> pa.Table:
    """The table of that digest; of `columns` those that it has (default: all). Raises RecordError where it is missing or is
    not what its name says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _verified(folder, digest, "parquet") as file:
        try:
            table = pq.ParquetFile(file)
            names = table.schema_arrow.names
            return table.read(
                names if columns is None else [one for one in names if one in columns]
            )
        except (pa.ArrowException, ValueError, OSError) as error:
            raise _no(folder, digest, "parquet", "table") from error


def read_blob(folder: Path, digest: str) -> np.ndarray:
    """The array of that digest. Raises RecordError where it is missing or is not what its name says."""
    with _verified(folder, digest, "npy") as file:
        try:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
        except (ValueError, EOFError, MemoryError, OverflowError, SyntaxError) as error:
            raise _no(folder, digest, "npy", "array") from error


def copy_blob(there: Path, here: Path, digest: str) -> bool:
    """Keep another run's array in this run's folder too; False where it is there and whole. Raises RecordError where the other
    run has not what its name says, StorageError."""
    if is_whole(here, digest):
        return False
    with _verified(there, digest, "npy") as file:
        _write(here, file.read(), "npy")
    return True


def is_whole(folder: Path, digest: str, kind: Literal["npy", "parquet"] = "npy") -> bool:
    """Whether the blob of that digest is there and what its name says."""
    try:
        check_blob(folder, digest, kind)
    except StorageError:
        return False
    return True


def check_blob(folder: Path, digest: str, kind: str = "npy") -> None:
    """RecordError where the blob of that digest is missing or is not what its name says; StorageError: it can't be read."""
    with _verified(folder, digest, kind):
        pass


def _write(folder: Path, data: bytes, kind: Literal["npy", "parquet"]) -> str:
    digest = hashlib.sha256(data).hexdigest()
    path = _path(folder, digest, kind)
    if len(data) > MOST_BYTES:
        raise RecordError(f"{path}: {len(data):,} bytes; a run keeps {MOST_BYTES:,} at most")
    if not atomic.write_once(path, data) and not is_whole(folder, digest, kind):
        atomic.replace(path, data)  # damaged since: its name says what it must hold
    return digest


@contextmanager
def _verified(folder: Path, digest: str, kind: str) -> Iterator[BufferedReader]:
    path = _path(folder, digest, kind)
    try:
        with atomic.opened(path, MOST_BYTES) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise RecordError(
                    f"{path}: truncated or edited, its content has another digest; run the suite again"
                )
            file.seek(0)
            yield file
    except FileNotFoundError:
        raise RecordError(f"{path}: missing; run the suite again") from None


def _no(folder: Path, digest: str, kind: str, what: str) -> RecordError:
    """Of a file that is what its name says, and that none of this wrote."""
    return RecordError(f"{_path(folder, digest, kind)}: holds no {what}; run the suite again")


def _path(folder: Path, digest: str, kind: str) -> Path:
    return folder / "blobs" / f"{digest}.{kind}"
