"""How a report ends in a terminal: the answer and where the rest is, or the parts that were asked for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.cli._output import console, say
from bench.cli._run_page import tell_page

if TYPE_CHECKING:
    from bench.records import Run
    from bench.report import Report

__all__ = ["SECTIONS", "show", "show_parts"]

SECTIONS = ("answer", "cost", "for-whom", "trust", "made")


def show(report: Report, run: Run) -> None:
    """The answer, one table, and where the rest is."""
    from bench.report import print_blocks, summary

    print_blocks(summary(report), console())
    tell_page(run)
    say(
        f"More: bench report {shlex.quote(str(run.folder))} --all, or --section {'|'.join(SECTIONS)}"
    )


def show_parts(report: Report, parts: Sequence[Any]) -> None:
    """All that there is to say under these questions."""
    from bench.report import document, print_blocks

    print_blocks(document(report, parts), console())
