"""Files of a run that people read and no command does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.records import atomic
from bench.records.schema import encode

__all__ = ["write_beside"]


def write_beside(path: Path, content: str | dict[str, Any]) -> None:
    """Make or replace one, text or JSON. Raises StorageError."""
    data = content.encode("utf-8") if isinstance(content, str) else encode(path, content)
    atomic.replace(path, data)
