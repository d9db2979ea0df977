"""Which code of the harness a result depends on, as one digest."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import bench

__all__ = ["harness_digest"]

_HARNESS = ("interfaces.py", "settings.py", "data", "learn", "evaluate", "run")


@cache
def harness_digest() -> str:
    """sha256 over the sources of the harness that a result depends on."""
    root = Path(bench.__file__).parent
    files = [
        file for name in _HARNESS for file in ([root / name] if name.endswith(".py") else (root / name).glob("*.py"))
    ]
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()
