"""Where plugins come from: entry points of installed distributions, and files that a user names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from bench.hookspecs import PROJECT
from bench.registry.local import LocalPlugin, find_local, import_local
from bench.registry.sources import top_level_sources

__all__ = ["Candidate", "find_candidates"]

_OWN = "metaselector-bench"


@dataclass(frozen=True)
class Candidate:
    """A plugin before its code has run; `load` imports it and gives the object that holds its hooks."""

    origin: str
    version: str
    load: Callable[[], object]
    sources: Callable[[], tuple[Path, ...]]
    own: bool = False  # whether it is the harness's


def find_candidates(plugins: Sequence[Path], *, autoload: bool) -> Iterator[Candidate]:
    """Installed plugins, the harness's own first, then those of `plugins`; PluginError for a path that holds none."""
    installed = sorted(
        entry_points(group=PROJECT),
        key=lambda entry: (not _is_own(entry), _distribution(entry), entry.name),
    )
    for entry in installed:
        if autoload or _is_own(entry):
            yield _from_entry_point(entry)
    for local in find_local(plugins):
        yield _from_file(local)


def _from_entry_point(entry: EntryPoint) -> Candidate:
    version = entry.dist.version if entry.dist else ""
    origin = f"{_distribution(entry)} {version} ({entry.value})"
    return Candidate(
        origin, version, entry.load, partial(top_level_sources, entry.module), _is_own(entry)
    )


def _from_file(local: LocalPlugin) -> Candidate:
    return Candidate(
        str(local.path), "", partial(import_local, local), partial(getattr, local, "sources")
    )


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown distribution"


def _is_own(entry: EntryPoint) -> bool:
    return _distribution(entry) == _OWN
