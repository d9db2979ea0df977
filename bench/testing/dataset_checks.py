"""The checks of a dataset."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from bench.data.encoding.encode import encode
from bench.data.prepared.download import PIP
from bench.data.prepared.locate import is_local
from bench.errors import DataError
from bench.interfaces import Source, Tables
from bench.testing.dataset_subject import DatasetSubject
from bench.testing.verdicts import Failed

__all__ = ["sources", "table_encodes"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_URL = re.compile(rf"https?://[^\s/]+/\S+|{PIP}[^\s=]+==[^\s=]+")


def sources(subject: DatasetSubject) -> None:
    """Said without a file, and the same each time: nothing is fetched to know them."""
    found: Any = subject.made.sources()
    if not isinstance(found, tuple | list) or not found:
        raise Failed(
            f"sources gives {type(found).__name__ if found else 'none'}",
            "give a tuple of bench.interfaces.Source, one at least",
        )
    for source in found:
        _check_source(source)
    if tuple(found) != tuple(subject.made.sources()):
        raise Failed("asked twice, sources differ", "let them follow from the parameters alone")


def table_encodes(subject: DatasetSubject) -> None:
    tables = subject.read()
    if not isinstance(tables, Tables):
        raise Failed(f"read gives {type(tables).__name__}", "give bench.interfaces.Tables")
    try:
        encode(tables)
    except DataError as error:
        raise Failed(
            str(error), "name each column's role, the label, and what to drop, in Tables"
        ) from error


def _check_source(source: Any) -> None:
    if not isinstance(source, Source):
        raise Failed(
            f"a source is {type(source).__name__}", "give bench.interfaces.Source(name, url, ...)"
        )
    where = f"source {source.name!r}"
    if not isinstance(source.members, tuple | list):
        raise Failed(
            f"members of {where} are {type(source.members).__name__}", "give a tuple of paths"
        )
    for path in (source.name, *source.members) if is_local(source) else source.members:
        if not isinstance(path, str) or _leads_out(path):
            raise Failed(
                f"{where} names the path {path!r}",
                "name paths below the data folder or in the archive, without `..`",
            )
    if not is_local(source):
        _check_download(source, where)


def _check_download(source: Source, where: str) -> None:
    if not _URL.fullmatch(str(source.url)):
        raise Failed(
            f"the URL of {where} is {source.url!r}",
            "give one of http or https, or pip://NAME==VERSION of a wheel",
        )
    if not _SHA256.fullmatch(str(source.sha256)):
        raise Failed(
            f"the sha256 of {where} is {source.sha256!r}",
            "give 64 lower-case hexadecimal digits, of the download: sha256sum FILE",
        )
    if not source.members:
        raise Failed(f"{where} names no members", "name the files that are read of the download")


def _leads_out(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts
