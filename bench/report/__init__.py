"""What a run tells: pure functions of its records, for a terminal, Markdown and JSON."""

from bench.report.as_json import to_json
from bench.report.blocks import Block, Cell, Grid, GridRow, Heading, Note, Terms, align
from bench.report.build import build
from bench.report.markdown import to_markdown
from bench.report.model import (
    BaseModelFacts,
    Cost,
    Failure,
    Figure,
    PredictionsFile,
    Report,
    Row,
    Section,
    Shift,
    Unfinished,
)
from bench.report.names import in_markdown, short, visible
from bench.report.terminal import print_blocks, to_terminal

__all__ = [
    "BaseModelFacts",
    "Block",
    "Cell",
    "Cost",
    "Failure",
    "Figure",
    "Grid",
    "GridRow",
    "Heading",
    "Note",
    "PredictionsFile",
    "Report",
    "Row",
    "Section",
    "Shift",
    "Terms",
    "Unfinished",
    "align",
    "build",
    "in_markdown",
    "print_blocks",
    "short",
    "to_json",
    "to_markdown",
    "to_terminal",
    "visible",
]
