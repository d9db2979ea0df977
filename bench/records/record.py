"""A trial's result on disk: one immutable JSON file that holds its own digest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench.errors import RecordError
from bench.job.outcome import of_record
from bench.records import atomic
from bench.records.canonical import digest
from bench.records.schema import decode, encode
from bench.records.upgrade import upgraded_record

__all__ = ["Record", "read_record", "record_path", "write_record"]

Record = dict[str, Any]

_ID = re.compile(r"[0-9A-Za-z-]{1,100}")
_RESULT = ("metrics", "validation", "blobs")  # costs and dates differ from run to run


def write_record(folder: Path, record: Record) -> Record:
    """Keep a record and give it back with its digest. Raises StorageError; RecordError for what JSON can't hold, NaN among it.

    One with a result goes to RUN/records/ID.json, where the first writer wins: a record of the same id and result is given
    back as it stands; one of another result is kept beside it, and `load` tells of the conflict. One of a failed trial goes
    to RUN/failures/ID.json, in place of what an earlier try left there."""
    ok = of_record(record).ok
    path = record_path(folder, record["id"], ok=ok)
    encode(path, record)  # says what is wrong and where, as the digest of it could not
    sealed = record | {"digest": _digest(record)}
    data = encode(path, sealed)
    if not ok:
        atomic.replace(path, data)
        return sealed
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
        raise RecordError(
            f"{path}: truncated or edited, its content has another digest; remove it and run again"
        )
    if record["id"] != path.name.split(".")[0]:
        raise RecordError(f"{path}: holds the record {record['id']!r}; give the file its name back")
    return upgraded_record(record)


def record_path(folder: Path, identity: str, *, ok: bool = True) -> Path:
    """Where the record of that id lies: with a result, or of a trial that failed."""
    if not _ID.fullmatch(identity):
        raise RecordError(f"{folder}: {identity[:100]!r} is not the id of a record")
    return folder / ("records" if ok else "failures") / f"{identity}.json"


def _digest(record: Record) -> str:
    return digest({key: value for key, value in record.items() if key != "digest"})


def _result(record: Record) -> str:
    return digest([record.get(key) for key in _RESULT])
