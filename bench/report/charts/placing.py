"""Where the names of points can stand without lying on one another, and numbers where they can't."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.report.charts.box import Box, box_around
from bench.report.charts.model import Side
from bench.report.charts.name_width import name_width
from bench.report.words.names import short

__all__ = ["Label", "Named", "labels"]

# inches, as a name is drawn: of a line, away from its point, the same at an angle, around a point
_LINE, _AWAY, _NEAR, _POINT = 0.14, 0.07, 0.045, 0.04
_NUMBER = "88"  # as wide as any
_TRIES = 6
_TOUCHING = 0.1  # inches between points that share a number rather than have none
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
    else is `taken`, a number; nothing where that has none either and the point touches, by others in between or not, one that
    has: they share its number. And for each number, from 1, the places of its points among `points`, ascending."""
    full = [*(_around(point) for point in points), *taken]
    touching = [[*_touching(points, place)] for place in range(len(points))]
    early: dict[int, Side] = {}  # numbers that would find no place beside names: they come first
    while True:
        named, numbered = _beside(points, room, full, early)
        shares = _sharing({**named, **numbered}, touching)
        alone = next((place for place in range(len(points)) if place not in shares), None)
        if alone is None:
            break
        early[alone] = _least_bad(points, alone, room, [*full, *_numbers(points, early)])
    for place, whose in shares.items():
        if place != whose and whose in named:  # a number takes less room than its name did
            numbered[whose] = named.pop(whose)
    ranked = sorted(numbered)
    keys = [[place for place in sorted(shares) if shares[place] == whose] for whose in ranked]
    number = {place: str(rank) for rank, place in enumerate(ranked, 1)}
    return [
        Label(points[place].name, named[place])
        if place in named
        else Label(number.get(place, ""), numbered.get(place, "right"))
        for place in range(len(points))
    ], keys


def _beside(
    points: Sequence[Named], room: Box, full: Sequence[Box], early: Mapping[int, Side]
) -> tuple[dict[int, Side], dict[int, Side]]:
    """Whose name has a place and, of the others, whose number has."""
    full = [*full, *_numbers(points, early)]
    named = _names(
        points, [place for place in range(len(points)) if place not in early], room, full
    )
    left = [place for place in range(len(points)) if place not in named and place not in early]
    boxes = [_placed(points[place], points[place].name, side) for place, side in named.items()]
    numbered = _sides(points, left, [_NUMBER] * len(left), room, [*full, *boxes])
    return named, {**early, **numbered}


def _numbers(points: Sequence[Named], sides: Mapping[int, Side]) -> Iterator[Box]:
    for place, side in sides.items():
        yield _placed(points[place], _NUMBER, side)


def _touching(points: Sequence[Named], place: int) -> Iterator[int]:
    """The nearest first."""
    apart = {other: _apart(points[place], points[other]) for other in range(len(points))}
    for other in sorted(apart, key=apart.__getitem__):
        if other != place and apart[other] <= _TOUCHING:
            yield other


def _sharing(labelled: Iterable[int], touching: Sequence[Sequence[int]]) -> dict[int, int]:
    """Whose label each point has, its own or that of one at the end of a chain of points that touch; those without are left
    out."""
    shares = {place: place for place in labelled}
    reached = sorted(shares)
    for place in reached:  # which grows meanwhile
        for other in touching[place]:
            if other not in shares:
                shares[other] = shares[place]
                reached.append(other)
    return shares


def _names(
    points: Sequence[Named], places: Sequence[int], room: Box, full: Sequence[Box]
) -> dict[int, Side]:
    """Who come first choose first; those that find no place come first when all choose anew, and the best choice counts."""
    order, found = list(places), dict[int, Side]()
    for _ in range(_TRIES):
        chosen = _sides(points, order, [points[place].name for place in order], room, full)
        if len(chosen) > len(found):
            found = chosen
        if len(found) == len(order):
            break
        order.sort(key=chosen.__contains__)
    return {place: found[place] for place in places if place in found}


def _sides(
    points: Sequence[Named],
    places: Sequence[int],
    texts: Sequence[str],
    room: Box,
    taken: Iterable[Box],
) -> dict[int, Side]:
    """One after the other, each where it lies on nothing and is nearest to its own point; those without a place left out."""
    found: dict[int, Side] = {}
    full = list(taken)
    for place, text in zip(places, texts, strict=True):
        for side in points[place].wanted:
            box = _placed(points[place], text, side)
            if box.within(room) and not any(map(box.meets, full)) and _own(points, place, box):
                found[place] = side
                full.append(box)
                break
    return found


def _least_bad(points: Sequence[Named], place: int, room: Box, full: Sequence[Box]) -> Side:
    """Where a number lies on nothing, or on as little as can be."""

    def fault(side: Side) -> tuple[bool, bool, int]:
        box = _placed(points[place], _NUMBER, side)
        return not box.within(room), not _own(points, place, box), sum(map(box.meets, full))

    return min(points[place].wanted, key=fault)


def _own(points: Sequence[Named], place: int, box: Box) -> bool:
    """Whether no other point is as near to a text as its own, unless it is in the same place."""
    mine = points[place]
    near = box.away(mine.x, mine.y)
    return all(
        near < box.away(other.x, other.y) or (other.x, other.y) == (mine.x, mine.y)
        for other in points
        if other is not mine
    )


def _placed(point: Named, text: str, side: Side) -> Box:
    half = name_width(short(text)) / 2
    up, across = _WAYS[side]
    away = _NEAR if up and across else _AWAY
    x = point.x + across * (away + half)
    y = point.y + up * (away + _LINE / 2)
    return box_around(x, y, half, _LINE / 2)


def _around(point: Named) -> Box:
    return box_around(point.x, point.y, _POINT, _POINT)


def _apart(one: Named, other: Named) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
