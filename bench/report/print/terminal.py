"""A report in a terminal: readable at 80 columns, plain text where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.report.words.blocks import Block, Cell, Grid, GridRow, Heading, Lines, Printed, Terms
from bench.report.words.figures import listed
from bench.report.words.names import squeezed, visible

__all__ = ["print_blocks"]

_FRAME = "    \n    \n {0} \n    \n {0} \n    \n    \n    \n"  # rules below the head and between groups, nothing else
_RULES, _PLAIN_RULES = Box(_FRAME.format("──")), Box(_FRAME.format("--"), ascii=True)
_NAMES = 24  # cells that names of a table in one piece keep, before a column is left out
_COLUMNS = 10  # of a table in one piece, its names' among them
_PLAIN = str.maketrans({"─": "-", "–": "-", "±": "+-", "…": "..", "·": "."})


def print_blocks(blocks: Iterable[Block], console: Console) -> None:
    """Print headings, grids and notes from top to bottom, no line wider than the console; where there is no terminal, no line
    ends with blanks."""
    if console.is_terminal:
        _print_blocks(blocks, console)
        return
    with console.capture() as captured:
        _print_blocks(blocks, console)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def _print_blocks(blocks: Iterable[Block], console: Console) -> None:
    for block in blocks:
        if isinstance(block, Grid):
            _print_grid(block, console)
        elif isinstance(block, Heading):
            console.print(
                _text(f"{block.text}", console, "bold underline" if block.level == 1 else "bold")
            )
        elif isinstance(block, Terms):
            _print_terms(block, console)
        elif isinstance(block, Lines):
            for line in block.lines:
                console.print(_text(line, console), soft_wrap=False)
        elif isinstance(block, Printed):
            for line in block.lines:
                console.print(_text(f"  {line}", console, "dim"), soft_wrap=False)
        else:
            console.print(
                _text(block.text, console, "bold" if block.strong else ""), soft_wrap=False
            )
        console.print()


def _print_terms(terms: Terms, console: Console) -> None:
    """Meanings beside their terms."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for pair in terms.pairs:
        table.add_row(*(_text(part, console) for part in pair))
    console.print(table)


def _print_grid(grid: Grid, console: Console) -> None:
    """One table, or several of as many columns as fit, each with the names; of a grid in one piece the first."""
    console.print(_text(grid.title, console, "italic"))
    if grid.one_piece:
        _print_one_piece(grid, console)
        return
    for position, columns in enumerate(_chunks(grid, console.width)):
        if position:
            console.print()
        console.print(_table(grid, columns, console))


def _print_one_piece(grid: Grid, console: Console) -> None:
    """At most ten columns. Names get the room that the others leave them; what is left out is said."""
    columns = _chunks(_with_names(grid, _NAMES, console), console.width)[0][: _COLUMNS - 1]
    rest = console.width - (_width(grid, columns, gap=1) - _names_width(grid))
    console.print(_table(_with_names(grid, max(_NAMES, rest), console), columns, console))
    left = [" ".join(head.split("\n")) for head in grid.heads[len(columns) + 1 :]]
    if left:
        console.print(_text(f"{grid.elsewhere} adds {listed(left, None)}.", console, "dim"))


def _with_names(grid: Grid, cells: int, console: Console) -> Grid:
    """In plain ASCII an ellipsis takes a cell more."""
    room = cells - console.options.ascii_only
    names = squeezed([row.name for row in grid.rows], room)
    rows = tuple(replace(row, name=name) for row, name in zip(grid.rows, names, strict=True))
    return replace(grid, rows=rows)


def _table(grid: Grid, columns: Sequence[int], console: Console) -> Table:
    roomy = _width(grid, columns, gap=2) <= console.width
    rules = _PLAIN_RULES if console.options.ascii_only else _RULES
    table = Table(
        box=rules, show_edge=False, pad_edge=False, padding=(0, int(roomy), 0, 0), safe_box=False
    )
    table.add_column(_text(grid.heads[0], console), overflow="fold")
    for column in columns:  # not justified by rich, which would strip the slot of a mark
        table.add_column(_head(grid, column, console), no_wrap=True)
    for row, following in zip(grid.rows, (*grid.rows[1:], None), strict=True):
        cells = [
            _cell(row, row.cells[column], _column_width(grid, column), console)
            for column in columns
        ]
        table.add_row(
            _text(row.name, console), *cells, end_section=following is not None and following.rule
        )
    return table


def _chunks(grid: Grid, width: int) -> list[list[int]]:
    """Columns, divided so that each part fits beside the names; at least one a part."""
    chunks: list[list[int]] = [[]]
    for column in range(len(grid.heads) - 1):
        if chunks[-1] and _width(grid, [*chunks[-1], column], gap=1) > width:
            chunks.append([])
        chunks[-1].append(column)
    return chunks


def _width(grid: Grid, columns: Sequence[int], gap: int) -> int:
    return _names_width(grid) + sum(gap + _column_width(grid, column) for column in columns)


def _names_width(grid: Grid) -> int:
    return max(cell_len(name) for name in (grid.heads[0], *(row.name for row in grid.rows)))


def _column_width(grid: Grid, column: int) -> int:
    heads = [cell_len(line) + _slot(grid, column) for line in grid.heads[column + 1].split("\n")]
    return max(
        *heads, *(cell_len(row.cells[column].text + row.cells[column].mark) for row in grid.rows), 0
    )


def _slot(grid: Grid, column: int) -> int:
    """Width of the marks, which a head leaves free so that it ends above the last digit."""
    return max((len(row.cells[column].mark) for row in grid.rows), default=0)


def _head(grid: Grid, column: int, console: Console) -> Text:
    """Each line ends above the last digit."""
    width, slot = _column_width(grid, column), " " * _slot(grid, column)
    return Text("\n").join(
        _text(_right(line + slot, width), console) for line in grid.heads[column + 1].split("\n")
    )


def _cell(row: GridRow, cell: Cell, width: int, console: Console) -> Text:
    style = "bold" if cell.mark == "*" else "dim" if row.group == "bound" else ""
    return _text(_right(cell.text + cell.mark, width), console, style)


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def _text(text: str, console: Console, style: str = "") -> Text:
    """Never parsed as markup; in an encoding that lacks a character, an escape stands for it."""
    shown = visible(text)
    if console.options.ascii_only:
        shown = shown.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")
    return Text(shown, style=style, overflow="fold")
