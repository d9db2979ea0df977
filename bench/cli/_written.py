"""A file that a command was asked to write."""

from __future__ import annotations

from pathlib import Path

from bench.errors import StorageError

__all__ = ["write_text"]


def write_text(path: Path, text: str) -> None:
    """In UTF-8. Raises StorageError."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(
            f"{path}: can't be written: {error.strerror}; choose another file"
        ) from error
