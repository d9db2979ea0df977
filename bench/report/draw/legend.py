"""What the marks of a chart stand for, below its panels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from bench.report.charts.model import Bars, Chart, Line, Points
from bench.report.draw.marks import line_of, look_of
from bench.report.draw.pen import Pen
from bench.report.draw.style import PAPER
from bench.report.draw.texts import Box, Label, width_of
from bench.report.words.names import short

__all__ = ["Entry", "Legend", "draw_legend", "legend_of"]

_SIZE = 8.5
_HANDLE, _GAP, _BETWEEN = 14.0, 6.0, 12.0  # points: of a mark, to its text, to the next entry
_LINE, _ABOVE = 14.0, 6.0

Entry = Points | Line | Bars


class Legend(NamedTuple):
    """`columns`: entries in a line, each so wide."""

    entries: tuple[Entry, ...]
    columns: int
    width: float

    @property
    def height(self) -> float:
        lines = math.ceil(len(self.entries) / self.columns)
        return lines * _LINE + _ABOVE if self.entries else 0.0


def legend_of(chart: Chart, width: float) -> Legend:
    """Of a drawing that is so wide."""
    marks = [mark for panel in chart.panels for mark in panel.marks] if chart.legend else []
    found: dict[str, Entry] = {}
    for mark in marks:
        if isinstance(mark, Entry) and mark.label:
            found.setdefault(mark.label, mark)
    widest = max((width_of(short(label), _SIZE) for label in found), default=0.0)
    each = _HANDLE + _GAP + widest + _BETWEEN
    fit = max(1, min(len(found), int((width + _BETWEEN) / each)))
    lines = math.ceil(len(found) / fit)
    return Legend(tuple(found.values()), math.ceil(len(found) / max(lines, 1)) or 1, each)


def draw_legend(pen: Pen, legend: Legend, width: float, bottom: float) -> None:
    if legend.entries:
        with pen.group("legend"):
            for entry, (left, middle) in zip(
                legend.entries, _places(legend, width, bottom), strict=True
            ):
                _handle(pen, entry, left, middle)
                text = short(entry.label)
                pen.write(Label(left + _HANDLE + _GAP, middle, text, size=_SIZE))


def _places(legend: Legend, width: float, bottom: float) -> Iterator[tuple[float, float]]:
    """Left end and middle of each entry, line by line."""
    taken = legend.columns * legend.width - _BETWEEN
    left, top = max(0.0, (width - taken) / 2), bottom + legend.height - _ABOVE
    for place in range(len(legend.entries)):
        line, column = divmod(place, legend.columns)
        yield left + column * legend.width, top - (line + 0.5) * _LINE


def _handle(pen: Pen, entry: Entry, left: float, middle: float) -> None:
    look = look_of(entry)
    match entry:
        case Points():
            pen.marker((left + _HANDLE / 2, middle), look)
        case Line():
            width, dashes = line_of(entry)
            ends = [(left, middle), (left + _HANDLE, middle)]
            pen.line(ends, look.colour, width, dashes=dashes)
        case Bars():
            face = PAPER if look.hollow else look.colour
            pen.rectangle(Box(left, middle - 3, left + _HANDLE, middle + 3), face, look.colour)
