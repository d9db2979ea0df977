"""One run taken into another, file by file, the manifest last. Nothing of the run that is read is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.records import atomic
from bench.records.blobs import copy_blob
from bench.records.findings import Finding, title
from bench.records.joining import Names, names_of
from bench.records.manifest_file import followed, records_of, write_manifest
from bench.records.merging import Merger, merger
from bench.records.record import Record
from bench.records.repair import removed
from bench.records.standing import standing

__all__ = ["Merged", "merge"]


class Merged(NamedTuple):
    """`refused`: why nothing was copied; `done`: a line for each thing that was."""

    refused: tuple[Finding, ...]
    done: tuple[str, ...]


def merge(here: Path, there: Path) -> Merged:
    """Take what THERE was asked for, and what it has of that, into HERE. All that speaks against it is found before anything
    is copied. A merge that was cut short can be done again: HERE's manifest is replaced last.

    Raises NoRunError where one is no run, StorageError where a file can't be read or written."""
    standing(here)  # a folder that is no run is not locked either
    with atomic.alone(here):
        ours = standing(here)
        found = merger(ours, standing(there))
        if found.refused:
            return Merged(found.refused, ())
        asked = [line for line in (ours.manifest or {"trials": []})["trials"] if line["asked"]]
        done = tuple(_merge(here, there, found, {names_of(line) for line in asked}))
    return Merged((), done)


def _merge(here: Path, there: Path, found: Merger, asked: set[Names]) -> Iterator[str]:
    blobs = _copy_blobs(here, there, found.copied)
    for file in found.copied:
        atomic.write_once(here / file.relative_to(there), atomic.read(file))
    ours = [file for file in found.outranked if file.is_relative_to(here)]
    yield from removed(here, ours, f"its trial has a result in {there}")
    lines = found.manifest["trials"]
    write_manifest(here, followed(found.manifest, records_of(here, lines)))
    yield f"{len(found.copied):,} records and {blobs:,} blobs copied from {there}"
    for line in lines:
        if line["asked"] and names_of(line) not in asked:
            what = "" if line["status"] == "ok" else ", which has no result"
            yield f"manifest.json: lists {title(line)}{what}"


def _copy_blobs(here: Path, there: Path, records: Mapping[Path, Record]) -> int:
    """Before the records that name them. How many there were to copy."""
    digests = {digest for record in records.values() for digest in record.get("blobs", {}).values()}
    return sum(copy_blob(there, here, digest) for digest in sorted(digests))
