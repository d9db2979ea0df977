"""Files that a source names: found below the suite's or the data folder, and never outside of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.errors import DataError
from bench.interfaces import Source

__all__ = ["find", "is_generated", "is_local", "location", "public", "roots"]


def roots(base: Path | None, data_dir: Path | None) -> list[Path]:
    """Where files are looked for: below the suite's folder, then below `data_dir`, else the environment's BENCH_DATA."""
    environment = os.environ.get("BENCH_DATA")
    data = data_dir or (Path(environment) if environment else None)
    return [root for root in (base, data) if root is not None]


def is_local(source: Source) -> bool:
    return not source.url


def is_generated(source: Source) -> bool:
    """Whether a source needs no file: the dataset is made by its plugin from its parameters."""
    return is_local(source) and not source.members


def location(source: Source) -> str:
    """A source in words."""
    if is_generated(source):
        return "its generator"
    if is_local(source):
        return ", ".join((Path(source.name) / member).as_posix() for member in source.members)
    return f"{source.name} ({public(source.url)})"


def public(url: str) -> str:
    """A URL without user, password, query and fragment: they may be secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def find(source: Source, roots: Sequence[Path]) -> Mapping[str, Path] | str:
    """Member to path, each looked for below the first root that has it; or, in words, what is missing.

    DataError for a member that leads out of the roots (`..`, an absolute path, a link) or isn't a regular file."""
    if not roots and source.members:
        return "no data folder is given"
    found = {member: _find(Path(source.name) / member, roots) for member in source.members}
    paths = {member: path for member, path in found.items() if path is not None}
    if len(paths) == len(found):
        return paths
    missing = [(Path(source.name) / member).as_posix() for member in found if member not in paths]
    return f"no file {', '.join(missing)} below {' or '.join(map(str, roots))}"


def _find(relative: Path, roots: Sequence[Path]) -> Path | None:
    allowed = [root.resolve() for root in roots]
    candidates = [(root / relative).resolve() for root in allowed]
    inside = [path for path in candidates if any(path.is_relative_to(root) for root in allowed)]
    try:
        for path in inside:
            if path.is_file():
                return path
            if path.exists():
                raise DataError(
                    "is not a regular file; name a file of text or Parquet", file=str(relative)
                )
    except OSError as error:
        raise DataError(error.strerror or str(error), file=str(relative)[:80]) from error
    if len(inside) < len(candidates):
        folders = " and ".join(map(str, roots))
        raise DataError(
            f"leads out of {folders}; move the file there, or give its folder as --data-dir and write the path from there on",
            file=str(relative),
        )
    return None
