"""RUN/analysis.json: what a run's analysis found, of exactly the records that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from bench.errors import RecordError, StorageError
from bench.records import atomic
from bench.records.blobs import is_whole
from bench.records.record import Record
from bench.records.schema import SCHEMA, decode, encode
from bench.records.seal import check_seal, sealed
from bench.records.shape import Digest

__all__ = [
    "Analysed",
    "AnalysisFile",
    "digests_of",
    "has_its_blobs",
    "read_analyses",
    "read_analysis_file",
    "write_analyses",
]


class Analysed(NamedTuple):
    """`fault`: why a file that is there can't be used; empty where there is none. `digest`: the file's own, of all of it."""

    analyses: Mapping[str, dict[str, Any]] = MappingProxyType({})
    user_tables: Mapping[str, str] = MappingProxyType({})
    fault: str = ""
    digest: str = ""


class AnalysisFile(NamedTuple):
    """`records`: digests of those that were analysed; the rest as in `Analysed`, `digest` empty of a file without a seal."""

    records: list[str]
    analyses: dict[str, dict[str, Any]]
    user_tables: dict[str, Digest]
    digest: Digest | Literal[""]

    @property
    def blobs(self) -> Iterator[str]:
        """Names of the files that it keeps beside it."""
        for table in self.user_tables.values():
            yield f"{table}.parquet"
        for analysis in self.analyses.values():
            for blob in kept_blobs(analysis):
                yield f"{blob}.npy"


_FOUND = TypeAdapter(AnalysisFile)
_DIGEST = re.compile(r"[0-9a-f]{64}")


def write_analyses(
    folder: Path,
    records: Iterable[Record],
    analyses: Mapping[str, dict[str, Any]],
    user_tables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make or replace RUN/analysis.json, of these records. Raises StorageError."""
    path = folder / "analysis.json"
    value = {
        "schema": SCHEMA,
        "records": digests_of(records),
        "analyses": dict(analyses),
        "user_tables": dict(user_tables),
    }
    encode(path, value)
    atomic.replace(path, encode(path, sealed(value)))


def has_its_blobs(folder: Path, analysis: Mapping[str, Any], user_table: str) -> bool:
    """Whether what an analysis keeps beside it is whole: its table by user, and its resamples where it has some."""
    if not is_whole(folder, user_table, "parquet"):
        return False
    return all(is_whole(folder, blob, "npy") for blob in kept_blobs(analysis))


def kept_blobs(analysis: Mapping[str, Any]) -> Iterator[str]:
    """Digests of the arrays that an analysis keeps."""
    for key in ("kept_resamples", "kept_draws"):
        if kept := analysis.get(key):
            blob = kept.get("blob") if isinstance(kept, dict) else None
            # a blob of that name there never is: it is missing
            yield blob if isinstance(blob, str) and _DIGEST.fullmatch(blob) else "none"


def read_analyses(folder: Path, records: Iterable[Record]) -> Analysed:
    """Of the very records. What is damaged, edited or of other records is none: the next run makes it again."""
    try:
        found = read_analysis_file(folder)
    except StorageError as error:
        return Analysed(fault=str(error))
    if found is None:
        return Analysed()
    if found.records != digests_of(records):
        fault = f"{folder / 'analysis.json'}: of other records than those that are there now"
        return Analysed(fault=fault)
    return Analysed(found.analyses, found.user_tables, digest=found.digest)


def read_analysis_file(folder: Path) -> AnalysisFile | None:
    """As it was written, of whatever records; None where there is none. Raises StorageError."""
    path = folder / "analysis.json"
    try:
        value = decode(path, atomic.read(path))
        check_seal(path, value)
        return _FOUND.validate_python(
            {"digest": ""} | {key: value.get(key) for key in AnalysisFile._fields if key in value}
        )
    except FileNotFoundError:
        return None
    except ValidationError as error:
        what = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, what["loc"]))[:100]
        raise RecordError(
            f"{path}: no analysis: {where}: {what['msg']}; run the suite again"
        ) from error


def digests_of(records: Iterable[Record]) -> list[str]:
    """As an analysis names its records."""
    return [record["digest"] for record in records]
