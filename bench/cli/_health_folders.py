"""The cache folder and the data folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.cli._health import Finding, gib

__all__ = ["findings"]

_PARTS = ("data", "steps", "downloads", "locks")  # of the cache; another user may have made some
_BLOCK = 2**16  # bytes
_LITTLE = 2**30  # bytes; MovieLens-1M and its steps need about as much


def findings(data_dir: Path | None, cache_dir: Path | None) -> Iterator[Finding]:
    yield _cache(cache_dir)
    yield _data(data_dir)


def _cache(cache_dir: Path | None) -> Finding:
    """Written to for a moment, where it is; made by the first run where it is not."""
    from bench.data import cache_dir as resolve_cache

    cache = resolve_cache(cache_dir)
    there = next(folder for folder in (cache, *cache.absolute().parents) if folder.exists())
    fix = "choose another folder with --cache-dir or BENCH_CACHE"
    try:
        _write_into(there)
        for part in filter(Path.is_dir, map(there.joinpath, _PARTS if there == cache else ())):
            _write_into(part)
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding("cache", "fail", f"{cache}: can't be written: {error.strerror}", fix)
    holds = gib(_size(cache)) if there == cache else "not made yet"
    found = f"{cache}: {holds}, {gib(free)} free"
    return (
        Finding("cache", "warn", found, f"free some space, or {fix}")
        if free < _LITTLE
        else Finding("cache", "ok", found)
    )


def _write_into(folder: Path) -> None:
    """A block, where there may be space for a name alone."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_BLOCK))


def _size(folder: Path) -> int:
    """Bytes of the files in it; one that goes away meanwhile counts for nothing."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def _data(data_dir: Path | None) -> Finding:
    if data_dir is None:
        return Finding(
            "data",
            "ok",
            "BENCH_DATA is not set; datasets are looked for beside suites, then downloaded",
        )
    if not data_dir.is_dir() or not os.access(data_dir, os.R_OK | os.X_OK):
        return Finding(
            "data",
            "fail",
            f"BENCH_DATA {data_dir}: no folder that can be read",
            "set it to one, or unset it",
        )
    return Finding("data", "ok", f"BENCH_DATA {data_dir}: {len(os.listdir(data_dir))} entries")
