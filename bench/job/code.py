"""Which code of the harness a result or an analysis depends on, as one digest: the packages that compute it, whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

__all__ = ["COMPUTES", "analysis_digest", "harness_digest", "harness_digest_now"]

# What finds, plans, records and shows (registry, suite, run, report, ...) is not among them: a change there voids no step.
COMPUTES = (
    "adapt_sets.py",
    "compiled",
    "data",
    "evaluate/metrics",
    "interfaces",
    "job",
    "learn",
    "settings.py",
    "worker",
)
_ANALYSES = ("evaluate", "run/analysing.py", "scoring")  # beside those


@cache
def harness_digest() -> str:
    """sha256 over the sources of those packages, as they were when this was first asked."""
    return harness_digest_now()


def harness_digest_now() -> str:
    """sha256 over the sources of those packages as they lie on disk."""
    return _digest(COMPUTES)


@cache
def analysis_digest() -> str:
    """sha256 over the sources that compare methods, given their results."""
    return _digest(_ANALYSES)


def _digest(names: Sequence[str]) -> str:
    root = Path(__file__).parent.parent
    total = hashlib.sha256()
    for file in sorted(file for name in names for file in _sources(root / name)):
        total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def _sources(place: Path) -> list[Path]:
    return [place] if place.suffix == ".py" else list(place.rglob("*.py"))
