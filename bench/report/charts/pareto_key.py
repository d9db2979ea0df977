"""Below a panel of points: which method each of its numbers is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.report.charts.model import Axis, Panel, Words
from bench.report.words.names import short

__all__ = ["key_panels"]

_ACROSS = 2.3  # inches, of an entry
_CELLS = 24  # of a name
_ROWS = 1.15  # of text, from one entry to the next


def key_panels(keys: Sequence[Sequence[Sequence[str]]], inches: float) -> tuple[Panel, ...]:
    """One for each panel of so many inches, the names of its numbers downwards; none where no panel has a number."""
    entries = [
        [f"{number} {short(name, _CELLS)}" for number, names in enumerate(key, 1) for name in names]
        for key in keys
    ]
    columns = max(1, int(inches / _ACROSS))
    rows = math.ceil(max(map(len, entries)) / columns)
    return tuple(_panel(of, columns, rows) for of in entries) if rows else ()


def _panel(entries: Sequence[str], columns: int, rows: int) -> Panel:
    each = math.ceil(len(entries) / columns) or 1
    marks = tuple(
        Words(float(place // each), -float(place % each), text)
        for place, text in enumerate(entries)
    )
    x = Axis(low=0.0, high=float(columns), shown=False)
    y = Axis(low=0.5 - rows, high=0.5, shown=False)
    return Panel(x, y, marks, height=_ROWS * rows)
