"""Trials without a result, results in conflict, plugins that were left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bench.report.blocks import Note
from bench.report.model import Failure, Report
from bench.report.names import short

__all__ = ["trouble"]

_REASON_CELLS = 300


def trouble(report: Report) -> list[Note]:
    """A note each; none where all went well."""
    conflicts = [
        f"Conflict: the same trial gave different results in {', '.join(files)}; the first is shown."
        for files in report.conflicts
    ]
    quarantined = [
        f"Plugin {short(origin, 100)} is quarantined: {short(reason, _REASON_CELLS)}."
        for origin, reason in report.quarantined
    ]
    return [Note(line) for line in (*_failures(report.failures), *conflicts, *quarantined)]


def _failures(failures: Iterable[Failure]) -> list[str]:
    """One line for the seeds of a method that ended alike."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in failures:
        place = f"{short(one.dataset)}/{short(one.protocol)} {short(one.method)}"
        alike[place, one.status, short(one.reason, _REASON_CELLS)].append(str(one.seed))
    return [
        f"Failed: {place}, seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}: {status}: {reason}."
        for (place, status, reason), seeds in alike.items()
    ]
