"""A mark of a chart -> lines, markers and texts, each with the id that the chart gives it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from bench.report.charts.model import Bars, Line, Mark, Points, Rule, Side, Spans, Words
from bench.report.draw.pen import Pen, Place
from bench.report.draw.scale import Frame
from bench.report.draw.style import COLOURS, LOOKS, PAPER, Look
from bench.report.draw.texts import SMALL, Box, Label
from bench.report.words.names import short

__all__ = ["draw_mark", "line_of", "look_of", "texts_of"]

_DASHES = (3.0, 2.0)  # of a rule, and of lines that are no result
# where the name of a point stands: points from it, and which end of the name that is
_BESIDE: Mapping[
    Side,
    tuple[Place, Literal["left", "center", "right"], Literal["top", "center", "bottom"]],
] = {
    "right": ((5, 0), "left", "center"),
    "left": ((-5, 0), "right", "center"),
    "above": ((0, 5), "center", "bottom"),
    "below": ((0, -5), "center", "top"),
    "above right": ((3, 4), "left", "bottom"),
    "above left": ((-3, 4), "right", "bottom"),
    "below right": ((3, -4), "left", "top"),
    "below left": ((-3, -4), "right", "top"),
}


def draw_mark(pen: Pen, frame: Frame, mark: Mark) -> None:
    """Without its texts."""
    match mark:
        case Points():
            _points(pen, frame, mark)
        case Spans():
            _spans(pen, frame, mark)
        case Line():
            _line(pen, frame, mark)
        case Bars():
            _bars(pen, frame, mark)
        case Rule():
            _rule(pen, frame, mark)


def texts_of(frame: Frame, mark: Mark) -> Iterator[Label]:
    """What a mark has written beside it; of points outside of the frame nothing."""
    match mark:
        case Points():
            sides: Sequence[Side] = mark.sides or ["right"] * len(mark.names)
            for x, y, name, side in zip(mark.x, mark.y, mark.names, sides, strict=False):
                if name and frame.holds(at := frame.x(x), height := frame.y(y)):
                    (right, up), across, which = _BESIDE[side]
                    yield Label(at + right, height + up, short(name), across, which, SMALL)
        case Bars() if not mark.upright:
            for end, place, name in zip(mark.end, mark.at, mark.names, strict=False):
                if name and frame.holds(at := frame.x(end), height := frame.y(place)):
                    yield Label(at + 3, height, short(name), size=SMALL)
        case Rule() if mark.label and mark.level:
            height = frame.y(mark.at) + 2
            yield Label(frame.box.right, height, short(mark.label), "right", "bottom", SMALL)
        case Rule() if mark.label:
            at = frame.x(mark.at) + 2
            yield Label(at, frame.box.top, short(mark.label), "left", "top", SMALL)
        case Words():
            at, height = frame.x(mark.x), frame.y(mark.y)
            yield Label(at, height, short(mark.text, 80), mark.align, bold=mark.strong)


def look_of(mark: Points | Line | Bars) -> Look:
    look = LOOKS[mark.role]
    return look._replace(hollow=look.hollow or (isinstance(mark, Points) and mark.hollow))


def _points(pen: Pen, frame: Frame, mark: Points) -> None:
    look = look_of(mark)
    for place, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
        if math.isfinite(x) and math.isfinite(y):
            at = frame.x(x), frame.y(y)
            with pen.group("line2d", f"{mark.key}-{place}"):
                pen.marker(at, look, _clip(frame, [at]))  # on the edge a marker is whole


def _spans(pen: Pen, frame: Frame, mark: Spans) -> None:
    look = LOOKS[mark.role]
    scale = frame.up if mark.upright else frame.across
    least, most = sorted((scale.low, scale.high))
    for place, (low, high, at) in enumerate(zip(mark.low, mark.high, mark.at, strict=True)):
        ends = max(low, least), min(high, most)
        if mark.upright:
            points = [(frame.x(at), frame.y(end)) for end in ends]
        else:
            points = [(frame.x(end), frame.y(at)) for end in ends]
        width = 4 if mark.thick else 1.4
        with pen.group("line2d", f"{mark.key}-{place}"):
            pen.line(points, look.colour, width, inside=_clip(frame, points))


def _line(pen: Pen, frame: Frame, mark: Line) -> None:
    look = LOOKS[mark.role]
    points = [(frame.x(x), frame.y(y)) for x, y in zip(mark.x, mark.y, strict=True)]
    if mark.steps:
        points = list(_in_steps(points))
    with pen.group("line2d", f"{mark.key}-0"):
        width, dashes = line_of(mark)
        pen.line(points, look.colour, width, dashes=dashes, inside=_clip(frame, points))


def line_of(mark: Line) -> tuple[float, Sequence[float]]:
    """Its width, in points, and its dashes, in widths."""
    return 0.8 if mark.thin else 1.4, _DASHES if mark.dashed else LOOKS[mark.role].dashes


def _in_steps(points: Sequence[Place]) -> Iterator[Place]:
    """Level from each point to the next."""
    yield from points[:1]
    for (_, before), (x, y) in pairwise(points):
        yield x, before
        yield x, y


def _bars(pen: Pen, frame: Frame, mark: Bars) -> None:
    look = look_of(mark)
    face, half = PAPER if look.hollow else look.colour, mark.width / 2
    starts = mark.start or (0.0,) * len(mark.end)
    for place, (start, end, at) in enumerate(zip(starts, mark.end, mark.at, strict=True)):
        if mark.upright:
            corners = [(frame.x(at - half), frame.y(start)), (frame.x(at + half), frame.y(end))]
        else:
            corners = [(frame.x(start), frame.y(at + half)), (frame.x(end), frame.y(at - half))]
        with pen.group("patch", f"{mark.key}-{place}"):
            box = Box(*corners[0], *corners[1])
            pen.rectangle(box, face, look.colour, _clip(frame, corners))


def _rule(pen: Pen, frame: Frame, mark: Rule) -> None:
    left, bottom, right, top = frame.box
    if mark.level:
        points = [(left, frame.y(mark.at)), (right, frame.y(mark.at))]
    else:
        points = [(frame.x(mark.at), bottom), (frame.x(mark.at), top)]
    inside = _clip(frame, points)
    pen.line(points, COLOURS["soft"], 0.8, dashes=_DASHES, inside=inside)


def _clip(frame: Frame, points: Sequence[Place]) -> Box | None:
    """The frame, where something reaches out of it."""
    return None if all(frame.holds(x, y) for x, y in points) else frame.box
