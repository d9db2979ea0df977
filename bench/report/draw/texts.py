"""A line of text, and the room that it takes, in points from the lower left corner of a drawing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from bench.report.words.names import short

__all__ = ["SMALL", "Box", "Label", "around", "box_of", "fitted", "font", "start_of", "width_of"]

SMALL = 8.0  # points, of a name beside a mark
_FEWEST = 12  # cells that are kept of a text that has too little room


class Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


class Label(NamedTuple):
    """`across`, `up`: which part of it is at (`x`, `y`). `turned`: reads upwards, and ends at `x`, centred on `y`."""

    x: float
    y: float
    text: str
    across: Literal["left", "center", "right"] = "left"
    up: Literal["top", "center", "bottom"] = "center"
    size: float = 9.0
    bold: bool = False
    turned: bool = False


@lru_cache
def font(size: float, bold: bool = False) -> FontProperties:
    return FontProperties(family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal")


def width_of(text: str, size: float, bold: bool = False) -> float:
    return _extent(text, size, bold)[0]


def fitted(text: str, room: float, size: float) -> str:
    """Shortened where it is wider than `room`."""
    cells, shown = len(text), text
    while width_of(shown, size) > room and cells > _FEWEST:
        cells -= 2
        shown = short(text, cells)
    return shown


def start_of(label: Label) -> tuple[float, float]:
    """Where its first letter stands on its line."""
    width, height, depth = _extent(label.text, label.size, label.bold)
    if label.turned:
        return label.x - depth, label.y - width / 2
    left = label.x - {"left": 0.0, "center": width / 2, "right": width}[label.across]
    bottom = label.y - {"bottom": 0.0, "center": height / 2, "top": height}[label.up]
    return left, bottom + depth


def box_of(label: Label) -> Box:
    width, height, depth = _extent(label.text, label.size, label.bold)
    x, y = start_of(label)
    if label.turned:
        return Box(label.x - height, y, label.x, y + width)
    return Box(x, y - depth, x + width, y - depth + height)


def around(boxes: Iterable[Box]) -> Box:
    """The smallest one that holds all; of one at least."""
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return Box(min(lefts), min(bottoms), max(rights), max(tops))


@lru_cache(maxsize=4096)
def _extent(text: str, size: float, bold: bool) -> tuple[float, float, float]:
    """Width, height, and of that what is below the line: at least those of letters that reach up and down."""
    measure, kind = text_to_path.get_text_width_height_descent, font(size, bold)
    _, least, lowest = measure("lp", kind, False)
    width, height, depth = measure(text, kind, False) if text else (0.0, 0.0, 0.0)
    return width, max(height, least), max(depth, lowest)
