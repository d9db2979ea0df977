"""What two runs would make together, told before anything is copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.records.findings import Finding, title
from bench.records.merging import Merger, merger
from bench.records.standing import Standing, standing

__all__ = ["Together", "together"]

_NAMED = 3  # trials that a line names


class Together(NamedTuple):
    """THERE merged into HERE. `refused`: why that can't be; else how many trials are asked for, which of them would have no
    result, and failures that count no longer."""

    here: Path
    there: Path
    refused: tuple[Finding, ...]
    trials: int = 0
    lacking: tuple[str, ...] = ()
    outranked: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        pair = f"{self.here} with {self.there}"
        if self.refused:
            return f"{pair}: can't be merged"
        if not self.lacking:
            return f"{pair}: {self.trials:,} trials, each with a result"
        more = len(self.lacking) - _NAMED
        named = "; ".join(self.lacking[:_NAMED]) + (f"; {more} more" if more > 0 else "")
        return f"{pair}: {self.trials:,} trials, {len(self.lacking):,} of them without a result: {named}"

    def as_dict(self) -> dict[str, Any]:
        findings = ("refused", "outranked")
        told = {name: [one._asdict() for one in getattr(self, name)] for name in findings}
        return {**self._asdict(), **told, "here": str(self.here), "there": str(self.there)}


def together(here: Path, there: Path) -> Together | None:
    """None of runs of two suites. Raises NoRunError where one is no run, StorageError where a folder can't be listed."""
    ours, theirs = standing(here), standing(there)
    if _suite(ours) != _suite(theirs):
        return None
    found = merger(ours, theirs)
    if found.refused:
        return Together(here, there, found.refused)
    asked = [line for line in found.manifest["trials"] if line["asked"]]
    lacking = tuple(title(line) for line in found.lacking)
    outranked = tuple(_outranked(found, ours, theirs))
    return Together(here, there, (), len(asked), lacking, outranked)


def _suite(now: Standing) -> str | None:
    return now.manifest["suite"]["name"] if now.manifest and now.manifest.get("suite") else None


def _outranked(found: Merger, ours: Standing, theirs: Standing) -> Iterator[Finding]:
    for file in found.outranked:
        one, other = (ours, theirs) if file in ours.files.failures else (theirs, ours)
        failure = one.files.failures[file]
        what = f"{title(failure['trial'])} has a result in {other.files.folder}, which counts"
        yield Finding("stray", str(file), what, "nothing is to be done: this failure falls away")
