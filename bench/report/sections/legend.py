"""What the names are that a table had no room for."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.content.model import Section
from bench.report.words.blocks import Block, Terms
from bench.report.words.names import short, visible

__all__ = ["legend"]

_CELLS = 400  # of a name in the legend: what a grid makes of several settings fits, what a file of junk holds does not


def legend(section: Section) -> Iterator[Block]:
    """Each name that is cut, in full; nothing where none is."""
    names = dict.fromkeys(name for row in section.rows for name in (row.name, row.subject))
    cut = [
        (short(name), f"is {short(name, _CELLS)}") for name in names if short(name) != visible(name)
    ]
    if cut:
        yield Terms(tuple(cut))
