"""Arrays beside the records, named by the sha256 of their .npy file."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from bench.errors import RecordError
from bench.records import atomic

__all__ = ["read_blob", "write_blob"]


def write_blob(folder: Path, array: np.ndarray) -> str:
    """Keep a float32 or float64 array in the run's folder, once; its digest. Raises StorageError."""
    if array.dtype not in (np.float32, np.float64):
        raise RecordError(f"{folder}: a blob is float32 or float64, not {array.dtype}")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    path = _path(folder, digest)
    if not atomic.write_once(path, data) and atomic.read(path) != data:
        atomic.replace(path, data)  # damaged since: its name says what it must hold
    return digest


def read_blob(folder: Path, digest: str) -> np.ndarray:
    """The array of that digest. Raises RecordError where it is missing or is not what its name says."""
    path = _path(folder, digest)
    try:
        data = atomic.read(path)
    except FileNotFoundError:
        raise RecordError(f"{path}: missing; run the suite again") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise RecordError(f"{path}: truncated or edited, its content has another digest; remove it and run again")
    return np.asarray(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))


def _path(folder: Path, digest: str) -> Path:
    return folder / "blobs" / f"{digest}.npy"
