"""A table of text: rich's in a terminal, plain aligned columns where the output is piped."""

from __future__ import annotations

from collections.abc import Sequence

from bench.cli._output import answer, console, echo, printable

__all__ = ["echo_table"]


def echo_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the rows below their head, whatever their cells hold made visible."""
    shown = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    if answer().isatty():
        _echo_rich(head, shown)
    else:
        _echo_plain(head, shown)


def _echo_plain(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        echo(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _echo_rich(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box  # a piped table does without its 60 ms
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for title in head:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: markup in a name is no markup
    console().print(table)
