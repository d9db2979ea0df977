"""Folders and files that go from one cache to another as bytes, and lie there under the same name or not at all."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Iterable
from pathlib import Path

from bench.storage.kept import commit_whole

__all__ = ["pack", "unpack"]

_NOT_PACKED = {"__pycache__"}


def pack(paths: Iterable[Path], without: Collection[str] = ()) -> bytes:
    """Files, and folders with all that is in them, but for what is hidden or has one of these names. Equal content makes equal
    bytes.

    Raises OSError."""
    content = io.BytesIO()
    left_out = {*without, *_NOT_PACKED}
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in paths:
            for file in (path, *sorted(path.rglob("*"))):
                name = file.relative_to(path.parent)
                hidden = any(part.startswith(".") for part in name.parts)
                if left_out.isdisjoint(name.parts) and not hidden:
                    archive.add(file, str(name), recursive=False, filter=_plain)
    return content.getvalue()


def unpack(parcel: bytes, folder: Path) -> None:
    """What was packed, into a folder that appears with all of it; the first one stays. Raises OSError, tarfile.TarError."""

    def fill(target: Path) -> None:
        with tarfile.open(fileobj=io.BytesIO(parcel)) as archive:
            archive.extractall(target, filter="data")

    commit_whole(folder, fill)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of whose and when it was."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
