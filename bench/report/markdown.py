"""A report as GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.blocks import Block, Cell, Grid, GridRow, Heading
from bench.report.document import document
from bench.report.model import Report
from bench.report.names import in_markdown

__all__ = ["to_markdown"]


def to_markdown(report: Report) -> str:
    """The tables and notes of the terminal; bounds are a table of their own. Ends with a line end."""
    return "\n\n".join(_block(block) for block in document(report)) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Heading):
        return f"{'#' * block.level} {in_markdown(block.text)}"
    return f"**{in_markdown(block.text)}**" if block.strong else in_markdown(block.text)


def _grid(grid: Grid) -> str:
    ranked = [row for row in grid.rows if row.group == "ranked"]
    bounds = [row for row in grid.rows if row.group == "bound"]
    parts = [f"**{in_markdown(grid.title)}**", _table(grid, ranked)]
    if bounds:
        parts += ["Bounds, not ranked:", _table(grid, bounds)]
    return "\n\n".join(parts)


def _table(grid: Grid, rows: Sequence[GridRow]) -> str:
    heads = [in_markdown(head.replace("\n", " ")) for head in grid.heads]
    rule = ["---", *["---:"] * (len(heads) - 1)]
    body = [[in_markdown(row.name), *map(_cell, row.cells)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *body))


def _cell(cell: Cell) -> str:
    text = in_markdown(cell.text.strip())
    if cell.mark == "*":
        return f"**{text}** \\*"
    return f"{text} {in_markdown(cell.mark)}".strip()
