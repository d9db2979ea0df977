"""A report as GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bench.report.content.model import Report
from bench.report.sections.document import document
from bench.report.words.blocks import Block, Cell, Grid, GridRow, Heading, Lines, Printed, Terms
from bench.report.words.names import in_markdown, visible

__all__ = ["blocks_to_markdown", "to_markdown"]

_BLOCK_START = re.compile(r"^(\d+(?=[.)])|(?=[-+=]))")


def to_markdown(report: Report) -> str:
    """The tables and notes of the terminal; bounds are a table of their own. Ends with a line end."""
    return blocks_to_markdown(document(report))


def blocks_to_markdown(blocks: Iterable[Block]) -> str:
    """Headings, grids and notes from top to bottom. Ends with a line end."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Heading):
        return f"{'#' * block.level} {in_markdown(block.text)}"
    if isinstance(block, Lines):
        return "\n".join(f"- {in_markdown(line)}" for line in block.lines)
    if isinstance(block, Printed):
        return _fenced([visible(line) for line in block.lines])
    if isinstance(block, Terms):
        return "\n".join(
            f"- {in_markdown(term)}: {in_markdown(meaning)}" for term, meaning in block.pairs
        )
    return f"**{in_markdown(block.text)}**" if block.strong else _paragraph(block.text)


def _fenced(lines: Sequence[str]) -> str:
    """Between marks that are longer than any of their kind in it."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _paragraph(text: str) -> str:
    """Not a list nor a rule, whatever it starts with."""
    return _BLOCK_START.sub(r"\1\\", in_markdown(text))


def _grid(grid: Grid) -> str:
    ranked = [row for row in grid.rows if row.group == "ranked"]
    bounds = [row for row in grid.rows if row.group == "bound"]
    parts = [f"**{in_markdown(grid.title)}**", _table(grid, ranked)]
    if bounds:
        parts += ["Bounds, not ranked:", _table(grid, bounds)]
    return "\n\n".join(parts)


def _table(grid: Grid, rows: Sequence[GridRow]) -> str:
    """Columns in which no row of this part has anything are left out."""
    columns = [
        column
        for column in range(len(grid.heads) - 1)
        if any(row.cells[column].text.strip() for row in rows)
    ]
    heads = [
        in_markdown(head.replace("\n", " "))
        for head in (grid.heads[0], *(grid.heads[1 + c] for c in columns))
    ]
    rule = ["---", *["---:"] * len(columns)]
    body = [
        [in_markdown(row.name), *(_cell(row.cells[column]) for column in columns)] for row in rows
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *body))


def _cell(cell: Cell) -> str:
    text = in_markdown(cell.text.strip())
    if cell.mark == "*":
        return f"**{text}** \\*"
    return f"{text} {in_markdown(cell.mark)}".strip()
