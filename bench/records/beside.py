"""Files of a run that people read and no command does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.records import atomic
from bench.records.schema import encode

__all__ = ["write_beside"]


def write_beside(path: Path, content: str | bytes | dict[str, Any]) -> None:
    """Make or replace one: text, bytes or JSON. Raises StorageError."""
    if isinstance(content, dict):
        data = encode(path, content)
    else:
        data = content.encode("utf-8") if isinstance(content, str) else content
    atomic.replace(path, data)
