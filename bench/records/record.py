"""A trial's result on disk: one immutable JSON file that holds its own digest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench.errors import RecordError
from bench.records import atomic
from bench.records.canonical import digest
from bench.records.schema import decode, encode

__all__ = ["Record", "read_record", "record_path", "write_record"]

Record = dict[str, Any]

_ID = re.compile(r"[0-9A-Za-z-]{1,100}")
_RESULT = ("status", "metrics", "validation", "blobs")  # costs and dates differ from run to run


def write_record(folder: Path, record: Record) -> Record:
    """Keep a record as RUN/records/ID.json and give it back with its digest. The first writer wins: a record of the same
    id and result is given back as it stands; one of another result is kept beside it, and `load` tells of the conflict.

    Raises StorageError; RecordError for what JSON can't hold, NaN among it."""
    path = record_path(folder, record["id"])
    encode(path, record)  # says what is wrong and where, as the digest of it could not
    sealed = record | {"digest": _digest(record)}
    data = encode(path, sealed)
    if atomic.write_once(path, data):
        return sealed
    standing = read_record(path)
    if _result(standing) == _result(sealed):
        return standing
    atomic.write_once(path.with_name(f"{record['id']}.{sealed['digest'][:16]}.json"), data)
    return sealed


def read_record(path: Path) -> Record:
    """Raises RecordError where it is missing, truncated, edited, misnamed or of a newer schema."""
    try:
        record = decode(path, atomic.read(path))
    except FileNotFoundError:
        raise RecordError(f"{path}: missing; run the suite again") from None
    if record.get("digest") != _digest(record):
        raise RecordError(f"{path}: truncated or edited, its content has another digest; remove it and run again")
    if record["id"] != path.name.split(".")[0]:
        raise RecordError(f"{path}: holds the record {record['id']!r}; give the file its name back")
    return record


def record_path(folder: Path, identity: str) -> Path:
    """Where the record of that id lies."""
    if not _ID.fullmatch(identity):
        raise RecordError(f"{folder}: {identity[:100]!r} is not the id of a record")
    return folder / "records" / f"{identity}.json"


def _digest(record: Record) -> str:
    return digest({key: value for key, value in record.items() if key != "digest"})


def _result(record: Record) -> str:
    return digest([record.get(key) for key in _RESULT])
