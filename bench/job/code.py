"""Which code of the harness a result or an analysis depends on, as one digest: the packages that compute it, whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from bench.storage.file_state import FileState, file_state

__all__ = ["COMPUTES", "analysis_digest", "harness_digest", "harness_digest_now"]

# What finds, plans, records and shows (registry, suite, run, report, ...) is not among them: a change there voids no step.
COMPUTES = (
    "adapt_sets.py",
    "compiled",
    "data",
    "evaluate/metrics",
    "interfaces",
    "job",
    "learn",
    "settings.py",
    "worker",
)
_ROOT = Path(__file__).parent.parent.as_posix()
# The files that were last read and their digest: a process is forked from a server that has read them before.
_read: list[tuple[dict[str, FileState | None], str]] = []
_ANALYSES = ("evaluate", "run/analysing.py", "scoring")  # beside those


@cache
def harness_digest() -> str:
    """sha256 over the sources of those packages, as they were when this was first asked."""
    return harness_digest_now()


def harness_digest_now() -> str:
    """sha256 over the sources of those packages as they lie on disk. Read again where a file was written since."""
    files = {file: file_state(Path(file)) for file in _files(COMPUTES)}
    for seen, digest in _read[-1:]:
        if seen == files:
            return digest
    digest = _digest(COMPUTES)
    if None not in files.values():
        _read[:] = [(files, digest)]
    return digest


@cache
def analysis_digest() -> str:
    """sha256 over the sources that compare methods, given their results."""
    return _digest(_ANALYSES)


def _digest(names: Sequence[str]) -> str:
    total = hashlib.sha256()
    for file in _files(names):
        name = file.removeprefix(f"{_ROOT}/")
        total.update(name.encode() + b"\0" + Path(file).read_bytes() + b"\0")
    return total.hexdigest()


def _files(names: Sequence[str]) -> list[str]:
    return sorted(file for name in names for file in _sources(f"{_ROOT}/{name}"))


def _sources(place: str) -> Iterator[str]:
    if place.endswith(".py"):
        yield place
    for folder, _, files in os.walk(place):
        yield from (f"{folder}/{file}" for file in files if file.endswith(".py"))
