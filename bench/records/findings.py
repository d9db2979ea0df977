"""What is found of a run's folder, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench.errors import StorageError

__all__ = ["FAULTS", "Finding", "Kind", "Verified", "cut", "finding_of", "title"]

Kind = Literal["damaged", "missing", "conflict", "lacking", "outdated", "unlisted", "stray"]
FAULTS: tuple[Kind, ...] = ("damaged", "missing", "conflict")
_DAMAGED, _INCOMPLETE = 5, 4  # exit codes
_LONGEST = 100  # characters of a name


class Finding(NamedTuple):
    """`file`: relative to the run. `kind`:

    - damaged: a file is not what was written; missing: one that another names is not there; conflict: one trial has two
      results. These are faults.
    - lacking: a trial that was asked for has no result.
    - outdated: manifest or analysis is behind the records; unlisted: a record that the manifest could list; stray: what
      nothing names. These are none."""

    kind: Kind
    file: str
    what: str
    fix: str


class Verified(NamedTuple):
    """Of a run's folder. `counts`: how many trials are listed, how many of them were never asked for (where there
    are some), and how many records, failures and blobs that something names are whole."""

    folder: Path
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]

    @property
    def exit_code(self) -> int:
        """0 where all is whole, 4 where a trial that was asked for lacks a result, 5 where there is a fault."""
        kinds = {finding.kind for finding in self.findings}
        if kinds.intersection(FAULTS):
            return _DAMAGED
        return _INCOMPLETE if "lacking" in kinds else 0

    def of_kind(self, *kinds: Kind) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind in kinds)


def finding_of(folder: Path, file: Path, error: StorageError, kind: Kind = "damaged") -> Finding:
    """An error `file: what; fix` as a finding."""
    what, _, fix = str(error).removeprefix(f"{file}: ").rpartition("; ")
    return Finding(kind, file.relative_to(folder).as_posix(), what, fix)


def title(trial: Mapping[str, Any]) -> str:
    """A trial's names, long ones cut: `ml/cold fm, seed 0`."""
    dataset, protocol, method = (cut(trial[name]) for name in ("dataset", "protocol", "method"))
    return f"{dataset}/{protocol} {method}, seed {trial['seed']}"


def cut(name: str) -> str:
    """A name as far as a line has room for it."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
