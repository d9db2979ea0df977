"""What a report looks like before it knows whether it goes to a terminal or to Markdown: headings, grids, notes.

All text is raw: who lays it out escapes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len

__all__ = [
    "Block",
    "Cell",
    "Grid",
    "GridRow",
    "Heading",
    "Lines",
    "Note",
    "Printed",
    "Terms",
    "align",
    "fixed",
]

ABSENT = "–"


class Heading(NamedTuple):
    level: int
    text: str


class Note(NamedTuple):
    """A sentence or a few; wrapped where it is shown. The `strong` ones are what a reader came for."""

    text: str
    strong: bool = False


class Printed(NamedTuple):
    """Lines as a program printed them."""

    lines: tuple[str, ...]


class Lines(NamedTuple):
    """Notes of a line each."""

    lines: tuple[str, ...]


class Terms(NamedTuple):
    """What the heads or names of the grid above it mean: pairs of term and meaning."""

    pairs: tuple[tuple[str, str], ...]


class Cell(NamedTuple):
    """`mark` stands behind the figure: `*` best, `=` tied with it, `!` of fewer seeds, or a space where others have one.
    Grids may give others a meaning, in a note below."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class GridRow:
    name: str
    cells: tuple[Cell, ...]
    group: Literal["ranked", "bound"] = "ranked"
    rule: bool = False  # a rule above it


@dataclass(frozen=True)
class Grid:
    """Cells of a column are aligned with one another already. A head may have several lines. `one_piece`: where columns don't
    fit, long names give way first, then the last columns, with a line that names them and says that `elsewhere` has them."""

    title: str
    heads: tuple[str, ...]  # of the names' column, then one a column of cells
    rows: tuple[GridRow, ...]
    one_piece: bool = False
    elsewhere: str = ""


Block = Heading | Grid | Lines | Note | Printed | Terms


def fixed(value: float | None, decimals: int) -> str:
    """`1,234.5`; an en dash where there is no value."""
    return ABSENT if value is None else f"{value:,.{decimals}f}"


def align(figures: Sequence[str], decimals: int) -> list[str]:
    """Texts of one width; figures have so many decimals and stand flush right, an absent one stands at the point."""
    tail = decimals + 1 if decimals else 0
    padded = [text + " " * tail if text == ABSENT else text for text in figures]
    width = max(map(cell_len, padded), default=0)
    return [text.rjust(width) for text in padded]
