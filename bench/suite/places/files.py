"""Files that a suite is made of: its own, and those that it names, which lie below its folder."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import SuiteError
from bench.suite.places.text import MAX_BYTES

__all__ = ["misplaced", "read_file"]


def read_file(path: Path) -> bytes:
    """Its bytes, one more than are allowed at most. SuiteError where it is no regular file."""
    if not os.path.exists(path):  # unlike Path's, false where the name itself is impossible
        raise SuiteError("no such file", file=str(path))
    if not path.is_file():
        raise SuiteError("not a regular file; name a YAML file", file=str(path))
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SuiteError(f"can't be read: {error.strerror}", file=str(path)) from error


def misplaced(text: str, folder: Path) -> str:
    """Why a path that a suite names can't be used, or nothing. Links are followed."""
    path = folder / text
    if "\0" in text or not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        return "lies outside the suite's folder; move it there"
    return "" if os.path.exists(path) else "does not exist; paths start at the suite's folder"
