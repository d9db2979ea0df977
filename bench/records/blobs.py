"""Arrays and tables beside the records, named by the sha256 of their .npy or .parquet file."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import RecordError
from bench.records import atomic

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_blob", "read_table", "write_blob", "write_table"]


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


def read_table(folder: Path, digest: str) -> pa.Table:
    """The table of that digest. Raises RecordError where it is missing or is not what its name says."""
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(_read(folder, digest, "parquet")))


def read_blob(folder: Path, digest: str) -> np.ndarray:
    """The array of that digest. Raises RecordError where it is missing or is not what its name says."""
    return np.asarray(
        np.lib.format.read_array(io.BytesIO(_read(folder, digest, "npy")), allow_pickle=False)
    )


def _write(folder: Path, data: bytes, kind: str) -> str:
    digest = hashlib.sha256(data).hexdigest()
    path = _path(folder, digest, kind)
    if not atomic.write_once(path, data) and atomic.read(path) != data:
        atomic.replace(path, data)  # damaged since: its name says what it must hold
    return digest


def _read(folder: Path, digest: str, kind: str) -> bytes:
    path = _path(folder, digest, kind)
    try:
        data = atomic.read(path)
    except FileNotFoundError:
        raise RecordError(f"{path}: missing; run the suite again") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise RecordError(
            f"{path}: truncated or edited, its content has another digest; remove it and run again"
        )
    return data


def _path(folder: Path, digest: str, kind: str) -> Path:
    return folder / "blobs" / f"{digest}.{kind}"
