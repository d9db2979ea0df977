"""Which code of the harness a result depends on, as one digest."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import bench

__all__ = ["harness_digest"]

_HARNESS = (
    "interfaces.py",
    "settings.py",
    "data",
    "learn",
    "evaluate/auc.py",
    "evaluate/bounds.py",
    "evaluate/checks.py",
    "evaluate/metrics.py",
    "evaluate/mixture.py",
    "run",
)
# These say something of a run beside its records, or before it; they change no result.
_BESIDE = ("analysing.py", "preview.py", "progress.py", "split_facts.py", "timing.py")


@cache
def harness_digest() -> str:
    """sha256 over the sources of the harness that a result depends on."""
    root = Path(bench.__file__).parent
    files = [
        file for name in _HARNESS for file in ([root / name] if name.endswith(".py") else (root / name).rglob("*.py"))
    ]
    total = hashlib.sha256()
    for file in sorted(files):
        if file.parent.name != "run" or file.name not in _BESIDE:
            total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()
