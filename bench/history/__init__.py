"""A metric and cost over runs in time, and where they changed. Nothing here blocks anything: that is `bench.gate`'s."""

from __future__ import annotations

from pathlib import Path

from bench.history.as_json import to_json
from bench.history.build import history
from bench.history.changes import with_changes
from bench.history.model import History
from bench.history.runs import runs_in_time
from bench.history.sections import blocks

__all__ = [
    "History",
    "blocks",
    "history",
    "runs_in_time",
    "to_html",
    "to_json",
    "with_changes",
    "write_figures",
]


def to_html(found: History) -> str:
    """A page of it: one self-contained file."""
    from bench.history.page import to_html as page

    return page(found)


def write_figures(found: History, folder: Path) -> list[Path]:
    """Every figure of the page as SVG, PDF and PNG: the files. Raises StorageError."""
    from bench.history.page import write_figures as write

    return write(found, folder)
