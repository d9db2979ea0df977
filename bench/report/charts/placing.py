"""Where the names of points can stand without lying on one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from bench.report.charts.model import Side
from bench.report.words.names import short

__all__ = ["Box", "Named", "sides"]

# inches, as a name is drawn: of a cell, of a line, away from its point, the same at an angle, around a point
_CELL, _LINE, _AWAY, _NEAR, _POINT = 0.066, 0.14, 0.07, 0.045, 0.04
# up (1), level (0) or down; to the right (1), centred or to the left
_WAYS: Mapping[Side, tuple[int, int]] = {
    "right": (0, 1),
    "left": (0, -1),
    "above": (1, 0),
    "below": (-1, 0),
    "above right": (1, 1),
    "above left": (1, -1),
    "below right": (-1, 1),
    "below left": (-1, -1),
}


class Box(NamedTuple):
    """Of a panel, in inches from its lower left corner."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether they have more than an edge in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def within(self, other: Box) -> bool:
        """Whether no part of it is outside of the other."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.bottom <= self.bottom
            and self.top <= other.top
        )


class Named(NamedTuple):
    """A point, in inches, with the sides that its name may stand at, the best first."""

    x: float
    y: float
    name: str
    wanted: tuple[Side, ...]


def sides(points: Sequence[Named], room: Box, taken: Iterable[Box] = ()) -> list[Side | None]:
    """In the order of the points, who come first choose first; None where a name has no place beside other names, points and
    what else is `taken`."""
    spots = [_box(point.x, point.y, _POINT, _POINT) for point in points]
    found: list[Side | None] = []
    full = [*spots, *taken]
    for point in points:
        free = (
            (side, box)
            for side, box in _places(point)
            if box.within(room) and not any(box.meets(other) for other in full)
        )
        side, box = next(free, (None, None))
        found.append(side)
        if box is not None:
            full.append(box)
    return found


def _places(point: Named) -> Iterator[tuple[Side, Box]]:
    half = cell_len(short(point.name)) * _CELL / 2
    for side in point.wanted:
        up, across = _WAYS[side]
        away = _NEAR if up and across else _AWAY
        x = point.x + across * (away + half)
        y = point.y + up * (away + _LINE / 2)
        yield side, _box(x, y, half, _LINE / 2)


def _box(x: float, y: float, half_width: float, half_height: float) -> Box:
    return Box(x - half_width, x + half_width, y - half_height, y + half_height)
