"""A trial's result on disk: one immutable JSON file that holds its own digest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench.errors import RecordError, StorageError
from bench.job.outcome import of_record
from bench.records import atomic
from bench.records.blobs import is_whole
from bench.records.canonical import digest
from bench.records.schema import decode, encode
from bench.records.seal import check_seal, sealed
from bench.records.shape import check_record
from bench.records.upgrade import upgraded_record

__all__ = [
    "Record",
    "failed_since",
    "lacks_blobs",
    "read_record",
    "record_path",
    "same_result",
    "write_record",
]

Record = dict[str, Any]

_ID = re.compile(r"[0-9A-Za-z-]{1,100}")
_RESULT = ("metrics", "validation", "blobs")


def write_record(folder: Path, record: Record) -> Record:
    """Keep a record and give it back with its digest. Raises StorageError; RecordError for what JSON can't hold, NaN among it.

    One with a result goes to RUN/records/ID.json, where the first writer wins: a record of the same id and result is given
    back as it stands; one of another result is kept beside it, and `load` tells of the conflict. Where blobs of the standing
    one are lost, the new one takes its place and that is kept beside. One of a failed trial goes to RUN/failures/ID.json, in
    place of what an earlier try left there; `outdates` in it is the digest of the result that stands, if one does."""
    ok = of_record(record).ok
    path = record_path(folder, record["id"], ok=ok)
    encode(path, record)  # says what is wrong and where, as the digest of it could not
    check_record(path, record)  # what would be refused when it is read
    if not ok:
        ours = sealed(record | _outdated(folder, record["id"]))
        atomic.replace(path, encode(path, ours))
        return ours
    ours = sealed(record)
    if atomic.write_once(path, encode(path, ours)):
        return ours
    standing = read_record(path)
    if same_result(standing, ours):
        return standing
    first, second = (ours, standing) if lacks_blobs(folder, standing) else (standing, ours)
    beside = path.with_name(f"{record['id']}.{second['digest'][:16]}.json")
    atomic.write_once(beside, encode(beside, second))
    if first is ours:
        atomic.replace(path, encode(path, ours))
    return ours


def lacks_blobs(folder: Path, record: Record) -> bool:
    """Whether a blob that a record names is missing or damaged."""
    return not all(is_whole(folder, blob) for blob in record.get("blobs", {}).values())


def same_result(one: Record, other: Record) -> bool:
    """Whether two records of one id say the same; costs and dates differ from run to run."""
    return _result(one) == _result(other)


def failed_since(failure: Record, result: Record) -> bool:
    """Whether a failure counts though its trial has a result: it is of a later try, made where this very result stood. One
    that a copy brought from another machine never hides a result, whatever the clocks say."""
    return bool(failure.get("outdates") == result["digest"])


def read_record(path: Path) -> Record:
    """Raises RecordError where it is missing, truncated, edited, misnamed, no record or of a newer schema."""
    try:
        record = decode(path, atomic.read(path))
    except FileNotFoundError:
        raise RecordError(f"{path}: missing; run the suite again") from None
    check_seal(path, record, always=True)
    upgraded = upgraded_record(path, record)
    check_record(path, upgraded)
    if record["id"] != path.name.split(".")[0]:
        raise RecordError(f"{path}: holds the record {record['id']!r}; give the file its name back")
    return upgraded


def record_path(folder: Path, identity: str, *, ok: bool = True) -> Path:
    """Where the record of that id lies: with a result, or of a trial that failed."""
    if not _ID.fullmatch(identity):
        raise RecordError(f"{folder}: {identity[:100]!r} is not the id of a record")
    return folder / ("records" if ok else "failures") / f"{identity}.json"


def _outdated(folder: Path, identity: str) -> dict[str, str]:
    """What a failure says of the result that stands; of one that can't be read nothing."""
    try:
        return {"outdates": read_record(record_path(folder, identity))["digest"]}
    except StorageError:
        return {}


def _result(record: Record) -> str:
    return digest([record.get(key) for key in _RESULT])
