"""Names and numbers beside points: whose each is can be seen."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import get_args

import pytest

from bench.report.charts.box import Box
from bench.report.charts.model import Side
from bench.report.charts.name_width import name_width
from bench.report.charts.placing import Label, Named, labels

ROOM = Box(0, 4.6, 0, 3.4)
TOUCHING = 0.1
SIDES: tuple[Side, ...] = get_args(Side)
AWAY: Mapping[Side, tuple[float, float]] = {
    "right": (0.07, 0),
    "left": (-0.07, 0),
    "above": (0, 0.07),
    "below": (0, -0.07),
    "above right": (0.045, 0.045),
    "above left": (-0.045, 0.045),
    "below right": (0.045, -0.045),
    "below left": (-0.045, -0.045),
}


def named(spots: Sequence[tuple[float, float]], name: str = "method-{:02d}") -> list[Named]:
    return [Named(x, y, name.format(place), SIDES) for place, (x, y) in enumerate(spots)]


def away(point: Named, label: Label, other: Named) -> float:
    """From a label beside the one point to another point, in inches."""
    half_width = name_width("88" if label.text.isdigit() else label.text) / 2
    across, up = AWAY[label.side]
    x = point.x + across + math.copysign(half_width, across) * (across != 0)
    y = point.y + up + math.copysign(0.07, up) * (up != 0)
    return math.hypot(max(abs(other.x - x) - half_width, 0.0), max(abs(other.y - y) - 0.07, 0.0))


def check(points: Sequence[Named], found: Sequence[Label], keys: Sequence[Sequence[int]]) -> None:
    """Each point is in one group, of a name or of a number; a label is nearer to a point of its group than to any other, and
    the points of a group touch in a chain."""
    groups = [[place] for place, label in enumerate(found) if label.text == points[place].name]
    assert sorted(place for of in (*groups, *keys) for place in of) == list(range(len(points)))
    for number, members in enumerate(keys, 1):
        (at,) = (place for place in members if found[place].text)
        assert found[at].text == str(number)
    for members in (*groups, *keys):
        (at,) = (place for place in members if found[place].text)
        outside = [point for place, point in enumerate(points) if place not in members]
        near = min(away(points[at], found[at], points[place]) for place in members)
        assert all(
            near < away(points[at], found[at], other) or other[:2] == points[at][:2]
            for other in outside
        )
        assert chained([points[place] for place in members])


def chained(members: Sequence[Named]) -> bool:
    reached, left = [members[0]], list(members[1:])
    for one in reached:
        near = [it for it in left if math.hypot(it.x - one.x, it.y - one.y) <= TOUCHING]
        reached += near
        left = [it for it in left if it not in near]
    return not left


@pytest.mark.parametrize("seed", range(40))
def test_every_label_is_nearest_to_its_own_points(seed: int) -> None:
    rng = random.Random(seed)
    spots = [(rng.uniform(0.4, 4.2), rng.uniform(0.4, 3)) for _ in range(rng.randint(1, 25))]
    for x, y in spots[:4]:
        beside = range(rng.randint(0, 6))
        spots += [(x + rng.gauss(0, 0.05), y + rng.gauss(0, 0.05)) for _ in beside]
    points = named(spots)
    check(points, *labels(points, ROOM))


def test_a_point_alone_has_its_own_label_however_long_the_names_beside_it() -> None:
    """Two points 0.3 inch apart, in a room that holds a name of neither."""
    points = named([(0.5, 0.5), (0.8, 0.5)], "a name of a method that is far too long {}")
    found, keys = labels(points, Box(0, 1.4, 0, 1))
    assert keys == [[0], [1]]
    assert [label.text for label in found] == ["1", "2"]


def test_a_point_whose_only_place_another_s_name_would_take_chooses_first() -> None:
    other = Named(0.9, 0.5, "bb", ("left", "right"))
    only = Named(0.5, 0.5, "a name that is far too long for its room", ("right",))
    room = Box(0, 1.3, 0, 1)
    assert labels([other], room)[0] == [Label("bb", "left")]
    assert labels([other, only], room) == ([Label("bb", "right"), Label("1", "right")], [[1]])


def test_a_point_without_any_place_has_a_number_all_the_same() -> None:
    points = named([(0.1, 0.1), (0.4, 0.1)])
    found, keys = labels(points, Box(0, 0.5, 0, 0.2), [Box(0, 0.5, 0, 0.2)])
    assert keys == [[0], [1]]
    check(points, found, keys)


def test_points_in_one_place_share_a_number_where_there_is_room_for_one() -> None:
    points = named([(0.3, 0.3)] * 12, "a name that is far too long for its room {}")
    found, keys = labels(points, Box(0, 0.6, 0, 0.6))
    assert sorted(place for members in keys for place in members) == list(range(12))
    assert sum(label.text == "" for label in found) > 0
    check(points, found, keys)
