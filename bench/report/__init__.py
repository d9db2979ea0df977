"""What a run tells: pure functions of its records, for a terminal, a paper and other programs."""

from bench.report.content.build import build
from bench.report.content.model import (
    BaseModelFacts,
    Cited,
    Cost,
    Failure,
    Figure,
    NotAsked,
    PredictionsFile,
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
from bench.report.print.terminal import print_blocks, to_terminal
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
    "Report",
    "Row",
    "Section",
    "Shift",
    "Terms",
    "Unfinished",
    "align",
    "blocks_to_markdown",
    "build",
    "in_markdown",
    "print_blocks",
    "short",
    "to_bibtex",
    "to_csv",
    "to_json",
    "to_latex",
    "to_markdown",
    "to_terminal",
    "visible",
]
