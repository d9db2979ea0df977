"""RUN/analysis.json: what a run's analysis found, of exactly the records that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from bench.errors import StorageError
from bench.records import atomic
from bench.records.blobs import is_whole
from bench.records.record import Record
from bench.records.schema import SCHEMA, decode, encode
from bench.records.seal import check_seal, sealed

__all__ = ["Analysed", "has_its_blobs", "read_analyses", "write_analyses"]


class Analysed(NamedTuple):
    """`fault`: why a file that is there can't be used; empty where there is none."""

    analyses: Mapping[str, dict[str, Any]] = MappingProxyType({})
    user_tables: Mapping[str, str] = MappingProxyType({})
    fault: str = ""


class _Found(NamedTuple):
    records: list[str]
    analyses: dict[str, dict[str, Any]]
    user_tables: dict[str, str]


_FOUND = TypeAdapter(_Found)


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
        "records": _digests(records),
        "analyses": dict(analyses),
        "user_tables": dict(user_tables),
    }
    encode(path, value)
    atomic.replace(path, encode(path, sealed(value)))


def has_its_blobs(folder: Path, analysis: Mapping[str, Any], user_table: str) -> bool:
    """Whether what an analysis keeps beside it is whole: its table by user, and its resamples where it has some."""
    if not is_whole(folder, user_table, "parquet"):
        return False
    kept = [analysis[key] for key in ("kept_resamples", "kept_draws") if analysis.get(key)]
    return all(is_whole(folder, one["blob"], "npy") for one in kept)


def read_analyses(folder: Path, records: Iterable[Record]) -> Analysed:
    """Of the very records. What is damaged, edited or of other records is none: the next run makes it again."""
    path = folder / "analysis.json"
    try:
        value = decode(path, atomic.read(path))
        check_seal(path, value)
        found = _FOUND.validate_python({key: value.get(key) for key in _Found._fields})
    except FileNotFoundError:
        return Analysed()
    except StorageError as error:
        return Analysed(fault=str(error))
    except ValidationError as error:
        what = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, what["loc"]))[:100]
        return Analysed(fault=f"{path}: no analysis: {where}: {what['msg']}")
    if found.records != _digests(records):
        return Analysed(fault=f"{path}: of other records than those that are there now")
    return Analysed(found.analyses, found.user_tables)


def _digests(records: Iterable[Record]) -> list[str]:
    return [record["digest"] for record in records]
