"""`bench cache`: what the cache folder holds, and what of it may go."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option
from bench.cli._group import LazyGroup
from bench.cli._output import echo, printable
from bench.cli._table import echo_table
from bench.cli._units import age, size, typed_age, typed_size

if TYPE_CHECKING:
    from bench.cached import Entry, Pruned

__all__ = ["command", "info_command", "prune_command"]

_DAY = 86400.0
_AGES = ((1 * _DAY, "a day"), (7 * _DAY, "a week"), (30 * _DAY, "30 days"))
_RUN = click.Path(path_type=Path, readable=False)
_cache_option = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The cache folder (or BENCH_CACHE).",
)


command = LazyGroup(
    "cache",
    help="Show what the cache folder holds, or make room in it. A run makes again what it needs and does not find.",
    targets={
        "info": (
            "bench.cli.cache:info_command",
            "Say what the cache holds, and since when unused.",
        ),
        "prune": ("bench.cli.cache:prune_command", "Remove what is old, too much, or not needed."),
    },
)


@click.command("info")
@click.option(
    "--keep",
    "runs",
    multiple=True,
    type=_RUN,
    metavar="RUN",
    help="Say what these runs do not depend on. Repeatable.",
)
@_cache_option
@json_option
def info_command(runs: tuple[Path, ...], cache_dir: Path | None, as_json: bool) -> None:
    """Say where the cache is, how much of what it holds, and since when that is unused."""
    from bench.cached import contents, needed

    cache = _cache(cache_dir)
    found = contents(cache)
    wanted = needed(cache, runs) if runs else None
    free = [one for one in found.entries if wanted and one.path.name not in wanted.names]
    if as_json:
        told: dict[str, Any] = {
            "cache": str(cache),
            "rooms": {room: _counted(of) for room, of in _by_room(found.entries).items()},
            "unused": {told: _counted(of) for told, of in _by_age(found.entries)},
            "passing_bytes": found.passing,
            "unknown": [str(path) for path in found.unknown],
            "not_needed": None if wanted is None else _counted(free),
        }
        echo_json(told)
        return
    echo(printable(f"cache: {cache}"))
    rows = [_row(room, of) for room, of in _by_room(found.entries).items()]
    rows += [_row(f"unused for {told}", of) for told, of in _by_age(found.entries)]
    if wanted is not None:
        rows.append(_row("not needed by RUN", free))
    echo_table(("what", "entries", "size", "last used"), rows)
    echo(f"locks, logs and half-made work: {size(found.passing)}")
    if found.unknown:
        first = f"{found.unknown[0]} first"
        echo(
            printable(f"{len(found.unknown):,} that bench did not make, and leaves alone: {first}")
        )
    _tell_older(wanted.own_alone if wanted else 0)


@click.command("prune")
@click.option(
    "--older-than",
    callback=typed_age,
    metavar="AGE",
    help="Remove what was not used for so long: 30d, 12h.",
)
@click.option(
    "--max-size",
    callback=typed_size,
    metavar="SIZE",
    help="Remove the least recently used, until so much is left: 10GiB.",
)
@click.option(
    "--keep", "runs", multiple=True, type=_RUN, metavar="RUN",
    help="Leave what this run's trials depend on; alone: remove all else. Repeatable.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@_cache_option
@json_option
def prune_command(
    older_than: float | None,
    max_size: float | None,
    runs: tuple[Path, ...],
    dry_run: bool,
    cache_dir: Path | None,
    as_json: bool,
) -> None:
    """Remove from the cache what is old, too much, or needed by no run that is named. What a run at work uses stays, and so
    does whatever the harness did not make."""
    from bench.cached import Criteria, needed, prune

    if older_than is None and max_size is None and not runs:
        raise click.UsageError(
            "say what may go: --older-than AGE (30d), --max-size SIZE (10GiB), or --keep RUN (all that it does not need)"
        )
    cache = _cache(cache_dir)
    wanted = needed(cache, runs)
    most = None if max_size is None else int(max_size)
    criteria = Criteria(older_than, most, wanted.names)
    found = prune(cache, criteria, dry_run=dry_run)
    if as_json:
        echo_json(_as_dict(cache, found, dry_run))
        return
    if dry_run:
        for entry in found.removed:
            echo(
                printable(
                    f"{entry.room}/{entry.path.name}: {size(entry.bytes)}, last used {_ago(entry)}"
                )
            )
    freed = sum(entry.bytes for entry in found.removed)
    would = "would be " if dry_run else ""
    echo(
        printable(
            f"{cache}: {len(found.removed):,} entries {would}removed, {size(freed)} {would}freed, {size(found.left)} left"
        )
    )
    if found.in_use:
        echo(
            f"{len(found.in_use):,} entries stay since runs at work have used them: {size(_bytes(found.in_use))}"
        )
    if most is not None and found.left > most:
        echo(f"more than {size(most)} is left: the rest is kept or in use")
    _tell_older(wanted.own_alone)


def _cache(option: Path | None) -> Path:
    """The cache folder; a usage error for a folder that is something else."""
    from bench.cache_folder import cache_dir
    from bench.cached import is_cache

    cache = cache_dir(option)
    if not is_cache(cache):
        raise click.UsageError(
            f"{cache} is no cache of metaselector-bench, which made nothing in it; name the cache with --cache-dir or "
            "BENCH_CACHE"
        )
    return cache


def _by_room(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    from bench.cached.contents import ROOMS

    found: dict[str, list[Entry]] = {room: [] for room in ROOMS}
    for entry in entries:
        found[entry.room].append(entry)
    return found


def _by_age(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    now = time.time()
    return [(told, [one for one in entries if now - one.used > span]) for span, told in _AGES]


def _row(what: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    last = _ago(max(entries, key=lambda one: one.used)) if entries else ""
    return what, f"{len(entries):,}", size(_bytes(entries)), last


def _ago(entry: Entry) -> str:
    return f"{age(time.time() - entry.used)} ago"


def _bytes(entries: Iterable[Entry]) -> int:
    return sum(entry.bytes for entry in entries)


def _counted(entries: Sequence[Entry]) -> dict[str, int]:
    return {"entries": len(entries), "bytes": _bytes(entries)}


def _as_dict(cache: Path, found: Pruned, dry_run: bool) -> dict[str, Any]:
    return {
        "cache": str(cache),
        "dry_run": dry_run,
        "removed": [f"{entry.room}/{entry.path.name}" for entry in found.removed],
        "freed_bytes": _bytes(found.removed),
        "in_use": _counted(found.in_use),
        "left_bytes": found.left,
    }


def _tell_older(own_alone: int) -> None:
    if own_alone:
        echo(
            f"{own_alone:,} trials are of an older version, which does not name all steps that they read: those are not kept"
        )
