"""What of a run a page was drawn of: a page says it, and so may be told from one of earlier records."""

from __future__ import annotations

import re
from pathlib import Path

from bench.errors import StorageError
from bench.records import Run, digest
from bench.records.atomic import opened, read

__all__ = ["drawn_of", "is_of", "suite_of"]

_TIMES = ("started", "ended", "digest")  # of a manifest: when it was written changes no figure
_MOST_BYTES = 2**30
_LONGEST = 2**20  # bytes of a suite
_HEAD_BYTES = 4096  # the page says it in its first lines
_SAID = re.compile(rb'<meta name="drawn-of" content="([0-9a-f]{64})">')


def drawn_of(run: Run) -> str:
    """Digest of its manifest, but for times, its records, its analysis and its suite, which the page shows."""
    manifest = {key: value for key, value in run.manifest.items() if key not in _TIMES}
    records = [record.get("digest") for record in run.records]
    return digest([manifest, records, run.analysis_digest, suite_of(run)])


def suite_of(run: Run) -> str:
    """Its suite.yaml; nothing where it is gone, or is none."""
    try:
        return read(run.folder / "suite.yaml", _LONGEST).decode("utf-8", "replace")
    except (OSError, StorageError):
        return ""


def is_of(page: Path, run: Run) -> bool:
    """Whether a file is a page of the run as it is now. False of what can't be read, is a folder or no such page."""
    try:
        with opened(page, _MOST_BYTES) as file:
            said = _SAID.search(file.read(_HEAD_BYTES))
    except (OSError, StorageError):
        return False
    return said is not None and said[1].decode() == drawn_of(run)
