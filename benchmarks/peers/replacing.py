"""Before a page is written over an older one: whether anything on that one would be lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers.results import folder_of, kept
from benchmarks.peers.words import AGAIN, TITLE

__all__ = ["NOT_MEASURED", "PageError", "nothing_is_lost"]

NOT_MEASURED = "Not measured."
WRITER = "python -m benchmarks.peers.page"  # every page that was written names it
ANOTHER = "Give another page."


class PageError(ValueError):
    """A page that must not be written: which, why, and what to do."""


def nothing_is_lost(page: Path, names: Mapping[str, str]) -> None:
    """PageError unless all that `page` shows is among the results beside it. `names`: a section's file by its title.

    ValueError for results that can't be read."""
    if page == folder_of(page):
        raise PageError(f"{page}: results go into a folder of this name; end the page's with .md")
    for name in names.values():
        kept(page, name)
    if not page.exists():
        return
    if not page.is_file():
        raise PageError(f"{page} is a folder, not a page. {ANOTHER}")
    written = page.read_text("utf-8", errors="replace")
    if not written.strip():
        return
    if not written.startswith(f"{TITLE}\n") or WRITER not in written:
        raise PageError(f"{page} was not written by this command, and would be lost. {ANOTHER}")
    if lost := [title for title in _shown(written) if not _has_results(page, names.get(title))]:
        raise PageError(
            f"{page} shows {', '.join(map(repr, lost))}, of which {folder_of(page)}/ has no results: they would be lost. "
            "Put the results back, or give another page."
        )


def _shown(written: str) -> list[str]:
    """Titles of sections that have something to show."""
    parts = [part.partition("\n") for part in f"\n{written}".split("\n## ")[1:]]
    return [
        title
        for title, _, body in parts
        if f"## {title}" != AGAIN and not body.strip().startswith(NOT_MEASURED)
    ]


def _has_results(page: Path, name: str | None) -> bool:
    return name is not None and kept(page, name) is not None
