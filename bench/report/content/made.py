"""With what a run was made: versions of what computed, machines, times, and the commands that make it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.records import Run
from bench.report.content.machines import machines_of, workers_of
from bench.report.content.model import Made

__all__ = ["made"]


def made(run: Run) -> Made:
    """Of all records of a run; distinct values in the order in which they are met."""
    manifest = run.manifest
    return Made(
        started=_text(manifest.get("started")),
        ended=_text(manifest.get("ended")),
        versions=_distinct([record.get("versions") for record in run.records]),
        machines=machines_of(run.records),
        workers=workers_of(run.records),
        plugins=tuple(manifest["plugins"].get("given", ())),
        suite_plugins=tuple(manifest["plugins"].get("named", ())),
    )


def _distinct(tables: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for table in tables:
        for name, version in (table if isinstance(table, Mapping) else {}).items():
            found[str(name)][str(version)] = None
    return {name: tuple(versions) for name, versions in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
