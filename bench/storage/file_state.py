"""What tells that a file was written or replaced, without reading it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FileState", "file_state"]

FileState = list[int]  # as JSON


def file_state(path: Path) -> FileState | None:
    """Size, times, inode and mode; None where there is no file. The time of its last change of any kind can't be set, so that
    content that was put back is seen too."""
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode]
