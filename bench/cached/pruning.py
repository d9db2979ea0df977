"""Which entries of the cache go, and their removal beside runs that are at work.

What a run has used since it began stays: it says that it is at work (bench.storage.at_work), and whoever uses an entry sets
its time, under a lock that removal takes too."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.cached.contents import Entry, contents
from bench.errors import StorageError
from bench.storage.at_work import began_first
from bench.storage.in_use import alone_in
from bench.storage.kept import discard

__all__ = ["Criteria", "Pruned", "prune"]


class Criteria(NamedTuple):
    """What goes: entries unused for `older_than` seconds; then the least recently used, until `max_size` bytes are left; with
    neither, all but `kept`. Names in `kept` stay whatever the others say."""

    older_than: float | None
    max_size: int | None
    kept: frozenset[str]


class Pruned(NamedTuple):
    """`removed`: those that went, or would; `in_use`: those that stay because a run at work has used them; `left`: bytes that
    stay."""

    removed: tuple[Entry, ...]
    in_use: tuple[Entry, ...]
    left: int


def prune(cache: Path, criteria: Criteria, *, dry_run: bool = False) -> Pruned:
    """Raises StorageError where the cache can't be read, or something in it not removed."""
    began = began_first(cache)
    entries = contents(cache).entries
    idle = [entry for entry in entries if entry.used < began]
    in_use = [entry for entry in entries if entry.used >= began]
    total = sum(entry.bytes for entry in entries)
    removed = []
    for entry in _chosen(idle, criteria, total):
        if dry_run or _removed(cache, entry):
            removed.append(entry)
        else:
            in_use.append(entry)
    left = total - sum(entry.bytes for entry in removed)
    return Pruned(tuple(removed), tuple(in_use), left)


def _chosen(idle: Sequence[Entry], criteria: Criteria, total: int) -> Iterator[Entry]:
    """Least recently used first. `total`: bytes of all that there is."""
    free = [entry for entry in idle if entry.path.name not in criteria.kept]
    free.sort(key=lambda entry: entry.used)
    if criteria.older_than is None and criteria.max_size is None:
        yield from free
        return
    now = time.time()
    for entry in free:
        is_old = criteria.older_than is not None and now - entry.used > criteria.older_than
        is_too_much = criteria.max_size is not None and total > criteria.max_size
        if is_old or is_too_much:
            total -= entry.bytes
            yield entry


def _removed(cache: Path, entry: Entry) -> bool:
    """Whether an entry is gone now. It stays where somebody has used it since it was looked at."""
    try:
        with alone_in(entry.path.parent):
            used = entry.path.lstat().st_mtime
            if used != entry.used or used >= began_first(cache):
                return False
            discard(entry.path)
    except FileNotFoundError:  # gone already
        return True
    except OSError as error:
        raise StorageError(
            f"cache {entry.path}: can't be removed: {error.strerror}; make {entry.path.parent} writable"
        ) from error
    return True
