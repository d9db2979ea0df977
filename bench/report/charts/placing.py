"""Where the names of points can stand without lying on one another, and numbers where they can't."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.report.charts.model import Side
from bench.report.charts.name_width import name_width
from bench.report.words.names import short

__all__ = ["Box", "Label", "Named", "labels"]

# inches, as a name is drawn: of a line, away from its point, the same at an angle, around a point
_LINE, _AWAY, _NEAR, _POINT = 0.14, 0.07, 0.045, 0.04
_NUMBER = "88"  # as wide as any
_TRIES = 6
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


class Label(NamedTuple):
    """`text`: a name, a number or nothing."""

    text: str
    side: Side


class Named(NamedTuple):
    """A point, in inches, with the sides that its name may stand at, the best first."""

    x: float
    y: float
    name: str
    wanted: tuple[Side, ...]


def labels(
    points: Sequence[Named], room: Box, taken: Iterable[Box] = ()
) -> tuple[list[Label], list[list[int]]]:
    """What stands beside each point, in their order: its name; where that has no place beside other names, points and what
    else is `taken`, a number; where that has none either, nothing: such a point shares the number of the nearest that has
    one. And for each number, from 1, the places of its points among `points`, ascending."""
    full = [*(_box(point.x, point.y, _POINT, _POINT) for point in points), *taken]
    sides = _names(points, room, full)
    named = {place: side for place, side in enumerate(sides) if side is not None}
    left = [place for place in range(len(points)) if place not in named]
    boxes = [_placed(points[place], points[place].name, side) for place, side in named.items()]
    numbered = _sides([(points[place], _NUMBER) for place in left], room, [*full, *boxes])
    with_number = {
        place: side for place, side in zip(left, numbered, strict=True) if side is not None
    }
    members = {place: [place] for place in with_number}
    for place in (one for one in left if one not in with_number):
        nearest = min({**named, **with_number}, key=lambda one: _apart(points[one], points[place]))
        if nearest in named:  # a number takes less room than its name did
            with_number[nearest] = named.pop(nearest)
        members.setdefault(nearest, [nearest]).append(place)
    keys = [sorted(members[place]) for place in sorted(with_number)]
    number = {place: str(1 + rank) for rank, place in enumerate(sorted(with_number))}
    return [
        Label(points[place].name, named[place])
        if place in named
        else Label(number.get(place, ""), with_number.get(place, "right"))
        for place in range(len(points))
    ], keys


def _names(points: Sequence[Named], room: Box, full: Sequence[Box]) -> list[Side | None]:
    """Who come first choose first; those that find no place come first when all choose anew, and the best choice counts."""
    order, found = list(range(len(points))), list[Side | None]()
    for _ in range(_TRIES):
        chosen = dict(
            zip(
                order,
                _sides([(points[one], points[one].name) for one in order], room, full),
                strict=True,
            )
        )
        tried = [chosen[place] for place in range(len(points))]
        if not found or tried.count(None) < found.count(None):
            found = tried
        if None not in found:
            break
        order.sort(key=lambda place: chosen[place] is not None)
    return found


def _sides(
    texts: Sequence[tuple[Named, str]], room: Box, taken: Iterable[Box]
) -> list[Side | None]:
    """One after the other, each where it lies on nothing."""
    found: list[Side | None] = []
    full = list(taken)
    for point, text in texts:
        free = (
            (side, box)
            for side in point.wanted
            if (box := _placed(point, text, side)).within(room)
            and not any(box.meets(other) for other in full)
        )
        first = next(free, None)
        found.append(None if first is None else first[0])
        if first is not None:
            full.append(first[1])
    return found


def _placed(point: Named, text: str, side: Side) -> Box:
    half = name_width(short(text)) / 2
    up, across = _WAYS[side]
    away = _NEAR if up and across else _AWAY
    x = point.x + across * (away + half)
    y = point.y + up * (away + _LINE / 2)
    return _box(x, y, half, _LINE / 2)


def _apart(one: Named, other: Named) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _box(x: float, y: float, half_width: float, half_height: float) -> Box:
    return Box(x - half_width, x + half_width, y - half_height, y + half_height)
