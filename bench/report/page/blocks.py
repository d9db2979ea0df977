"""A block of a document -> HTML. Every text is escaped here, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from bench.report.words.blocks import Block, Cell, Grid, GridRow, Heading, Lines, Printed, Terms
from bench.report.words.names import visible

__all__ = ["block_html", "grid_html"]

_MARKS = {"*": "best", "=": "tie"}


def block_html(block: Block) -> Markup:
    """Headings are a page's own: those of a document are left to it."""
    if isinstance(block, Grid):
        return grid_html(block)
    if isinstance(block, Heading):
        return Markup("<h4>{}</h4>").format(_text(block.text))
    if isinstance(block, Lines):
        items = (Markup("<li>{}</li>").format(_text(line)) for line in block.lines)
        return Markup("<ul>{}</ul>").format(Markup("").join(items))
    if isinstance(block, Printed):
        return Markup("<pre>{}</pre>").format("\n".join(visible(line) for line in block.lines))
    if isinstance(block, Terms):
        pairs = (
            Markup("<dt>{}</dt><dd>{}</dd>").format(_text(term), _text(meaning))
            for term, meaning in block.pairs
        )
        return Markup("<dl>{}</dl>").format(Markup("").join(pairs))
    kind = Markup(' class="strong"') if block.strong else ""
    return Markup("<p{}>{}</p>").format(kind, _text(block.text))


def grid_html(grid: Grid) -> Markup:
    """A table; rows between rules are a body each, within which a script may sort them."""
    heads = Markup("").join(map(_head, grid.heads))
    bodies = Markup("").join(_body(rows) for rows in _groups(grid.rows))
    return Markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">'
        "<table><caption>{}</caption><thead><tr>{}</tr></thead>{}</table></div>"
    ).format(_text(grid.title), _text(grid.title), heads, bodies)


def _head(head: str) -> Markup:
    """A corner without words is no head of anything."""
    lines = [_text(line) for line in head.split("\n") if line.strip()]
    text = Markup(" <br>").join(lines)
    return Markup('<th scope="col">{}</th>').format(text) if text else Markup("<td></td>")


def _groups(rows: Sequence[GridRow]) -> Iterator[Sequence[GridRow]]:
    starts = [0, *(place for place, row in enumerate(rows) if row.rule and place), len(rows)]
    for first, last in pairwise(starts):
        if rows[first:last]:
            yield rows[first:last]


def _body(rows: Sequence[GridRow]) -> Markup:
    return Markup("<tbody>{}</tbody>").format(Markup("").join(map(_row, rows)))


def _row(row: GridRow) -> Markup:
    kind = Markup(' class="bound"') if row.group == "bound" else ""
    cells = Markup("").join(map(_cell, row.cells))
    return Markup('<tr{}><th scope="row">{}</th>{}</tr>').format(kind, _text(row.name), cells)


def _cell(cell: Cell) -> Markup:
    """On a narrow page a cell may be two lines; an interval stays one: `[-.0815,` and `-.0741]` are not torn apart."""
    mark, text = cell.mark.strip(), _text(cell.text.strip()).replace(", ", Markup(",&nbsp;"))
    if not mark:
        return Markup("<td>{}</td>").format(text)
    kind = _MARKS.get(mark, "marked")
    return Markup('<td class="{}">{}<span class="mark">{}</span></td>').format(kind, text, mark)


def _text(text: str) -> Markup:
    return escape(visible(text))
