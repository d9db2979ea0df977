"""A run that is finished, found again by what a command line says and by what lies on disk: nothing is prepared, no plugin is
imported. The cache keeps a note of each run that did all it was asked for, under a key of all that its trials depend on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import BenchError, StorageError
from bench.job.environment import software, versions
from bench.records import (
    Run,
    digest,
    has_its_blobs,
    lacks_blobs,
    load,
    read_manifest,
    read_note,
    write_note,
)
from bench.registry.candidates import find_candidates
from bench.registry.sources import digest as sources_digest
from bench.registry.sources import package_sources
from bench.storage.file_state import FileState, file_state
from bench.storage.in_use import touch
from bench.suite import outline

__all__ = ["Command", "Files", "key_of", "recall", "remember", "seen"]

Files = Mapping[str, FileState | None]  # by path; None: there is none


class Command(NamedTuple):
    """What a command line says that trials may depend on, and `cache`, where notes are kept."""

    suite: Path
    cache: Path
    out: Path | None
    data_dir: Path | None
    plugins: tuple[Path, ...]
    autoload: bool
    seeds: tuple[int, ...]
    only: tuple[str, ...]
    overrides: tuple[str, ...]
    threads: int
    executor: str | None
    executor_set: tuple[str, ...]


def key_of(command: Command) -> str | None:
    """Digest of all that is known without running a plugin: the suite with its includes, code of harness and plugins,
    versions, options. None where the suite or the plugins are at fault: who runs it says how."""
    try:
        suite = outline(command.suite, command.overrides)
        plugins = (*command.plugins, *suite.plugins)
        candidates = find_candidates(plugins, autoload=command.autoload)
        code = [
            [one.origin, _bytes(one.sources()) if one.own else sources_digest(one.sources())]
            for one in candidates
        ]
    except (BenchError, OSError):
        return None
    told = command._replace(suite=_absolute(command.suite), cache=Path(), plugins=())
    return digest(
        {
            "command": [str(part) if isinstance(part, Path) else part for part in told],
            "out": str(_out(command, suite.name)),
            "suite": suite.digest,
            "plugins": [str(_absolute(path)) for path in plugins],
            "code": code,
            "harness": _bytes(package_sources(Path(__file__).parent)),
            "software": {**software(), **versions()},
            "data": os.environ.get("BENCH_DATA", ""),
            "folder": os.getcwd(),
        }
    )


def seen(paths: Iterable[Path]) -> Files:
    """How files are now; those that are not there too, since they may come."""
    return {str(path): file_state(path) for path in paths}


def remember(command: Command, key: str, run: Run, files: Files) -> None:
    """Keep a note of a run that lacks nothing of what it was asked for. `files`: those that it may have read, as they were
    before it began. A cache that can't be written has no note."""
    if run.lacking or not run.wanted or files != seen(map(Path, files)):
        return
    note = {
        "manifest": read_manifest(run.folder).get("digest"),
        "folder": str(run.folder),  # from the working folder on, which is in the key
        "wanted": sorted(run.wanted),
        "files": dict(files),
        "analysed": bool(run.analyses),
    }
    with suppress(StorageError):
        write_note(_note(command.cache, key), note)


def recall(command: Command, key: str) -> Run | None:
    """The run, where there is nothing left to do: the same command ended well, no file that it read has changed, and all that
    it left is there and whole."""
    try:
        touch(_note(command.cache, key))
        note = read_note(_note(command.cache, key))
        return None if note is None else _recalled(note)
    except (BenchError, OSError, KeyError, TypeError, ValueError):
        return None


def _recalled(note: Mapping[str, Any]) -> Run | None:
    folder = Path(note["folder"])
    if read_manifest(folder).get("digest") != note["manifest"]:
        return None
    if note["files"] != seen(map(Path, note["files"])):
        return None
    run = load(folder)._replace(wanted=frozenset(note["wanted"]))
    tables = all(
        has_its_blobs(folder, run.analyses[place], table)
        for place, table in run.user_tables.items()
    )
    whole = tables and not any(lacks_blobs(folder, record) for record in run.records)
    analysed = bool(run.analyses) == note["analysed"] and not run.analysis_fault
    return run if whole and analysed and not run.lacking else None


def _note(cache: Path, key: str) -> Path:
    return cache / "runs" / f"{key[:32]}.json"


def _out(command: Command, name: str) -> Path:
    return _absolute(command.out or Path("results") / name)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _bytes(files: Iterable[Path]) -> str:
    """Of the files as they are, whatever they import: of the harness's own, all is among them."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return total.hexdigest()
