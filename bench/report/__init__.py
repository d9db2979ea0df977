"""What a run tells: pure functions of its records, for a terminal, Markdown, JSON, files for a paper and a page.

Matplotlib and Jinja2 are imported by what draws alone: `to_html`, `write_figures`."""

from __future__ import annotations

from pathlib import Path

from bench.records import Run
from bench.report.content.build import build, check_run
from bench.report.content.model import (
    BaseModelFacts,
    Cited,
    Cost,
    Failure,
    Figure,
    NotAsked,
    PredictionsFile,
    Ranks,
    Report,
    Row,
    Section,
    Shift,
    Unfinished,
)
from bench.report.print.as_bibtex import to_bibtex
from bench.report.print.as_csv import to_csv
from bench.report.print.as_json import to_json
from bench.report.print.latex import to_latex
from bench.report.print.markdown import blocks_to_markdown, to_markdown
from bench.report.print.terminal import print_blocks
from bench.report.sections.document import document, progress
from bench.report.sections.summary import summary
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Heading, Note, Terms, align
from bench.report.words.names import in_markdown, short, visible

__all__ = [
    "BaseModelFacts",
    "Block",
    "Cell",
    "Cited",
    "Cost",
    "Failure",
    "Figure",
    "Grid",
    "GridRow",
    "Heading",
    "NotAsked",
    "Note",
    "PredictionsFile",
    "Ranks",
    "Report",
    "Row",
    "Section",
    "Shift",
    "Terms",
    "Unfinished",
    "align",
    "blocks_to_markdown",
    "build",
    "check_run",
    "document",
    "in_markdown",
    "print_blocks",
    "progress",
    "short",
    "summary",
    "to_bibtex",
    "to_csv",
    "to_html",
    "to_json",
    "to_latex",
    "to_markdown",
    "visible",
    "write_figures",
]


def to_html(report: Report, run: Run) -> str:
    """A page of a run: one self-contained file. `run`: what the report was built of."""
    from bench.report.page.of_report import to_html as page

    return page(report, run)


def write_figures(report: Report, run: Run, folder: Path) -> list[Path]:
    """Every figure of the page as SVG, PDF and PNG, in a folder for each dataset and protocol: the files. `run`: what the
    report was built of.

    Raises StorageError."""
    from bench.report.draw.folder import write_figures as write

    return write(report, run, folder)
