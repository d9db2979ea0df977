"""How a report ends in a terminal: the answer and where the rest is, or the parts that were asked for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cli._output import console, say

if TYPE_CHECKING:
    from bench.records import Run
    from bench.report import Report

__all__ = ["PAGE", "SECTIONS", "leave_page", "show", "show_parts"]

PAGE = "report.html"  # in a run's folder
SECTIONS = ("answer", "cost", "for-whom", "trust", "made")


def show(report: Report, folder: Path) -> None:
    """The answer, one table, and where the rest is."""
    from bench.report import print_blocks, summary

    print_blocks(summary(report), console())
    quoted = shlex.quote(str(folder))
    if (folder / PAGE).exists():
        say(f"Page: {folder / PAGE}")
    else:
        say(f"Page: bench report {quoted} --html FILE")
    say(f"More: bench report {quoted} --all, or --section {'|'.join(SECTIONS)}")


def show_parts(report: Report, parts: Sequence[Any]) -> None:
    """All that there is to say under these questions."""
    from bench.report import document, print_blocks

    print_blocks(document(report, parts), console())


def leave_page(run: Run, report: Report) -> None:
    """Beside the records. Where it can't be made or written, nothing else is lost: not the run's answer, nor its exit code."""
    from bench.errors import StorageError
    from bench.records import write_beside
    from bench.report import to_html

    try:
        write_beside(run.folder / PAGE, to_html(report, run))
    except StorageError as error:
        say(f"no page: {error}")
    except Exception as error:
        again = f"bench report {shlex.quote(str(run.folder))} --html FILE --traceback"
        say(f"no page: {type(error).__name__}: {error}; this is a bug: `{again}` shows where")
