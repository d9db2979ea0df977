"""Tables, and how they are printed: as aligned text or in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["ABSENT", "Table", "as_markdown", "as_text", "beside", "change"]

ABSENT = "–"


class Table(NamedTuple):
    title: str
    head: list[str]
    rows: list[list[str]]


def beside(
    measured: Sequence[Mapping[str, list[str]]], order: Sequence[str] | None = None
) -> list[list[str]]:
    """A row a name, in alphabetical order unless told: the name, then each cell as it was and as it is."""
    rows = []
    for name in order or sorted(set().union(*measured)):
        width = max(len(cells[name]) for cells in measured if name in cells)
        found = [cells.get(name, [ABSENT] * width) for cells in measured]
        rows.append([name, *map(change, zip(*found, strict=True))])
    return rows


def change(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else " → ".join(values)


def as_text(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(table.head, *table.rows, strict=True)]
    lines = [_padded(row, widths) for row in [table.head, *table.rows]]
    return "\n".join([table.title, *lines])


def as_markdown(table: Table) -> str:
    rows = [table.head, ["---"] * len(table.head), *table.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"## {table.title}", "", *lines])


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
