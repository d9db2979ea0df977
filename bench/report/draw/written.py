"""What stands around and within a panel's frame: its title, ticks, axes' labels and the names of its marks."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise, zip_longest
from typing import NamedTuple

from bench.report.charts.model import Axis, Panel
from bench.report.draw.marks import texts_of
from bench.report.draw.scale import Frame, Scale, ticks
from bench.report.draw.texts import Box, Label, around, box_of, fitted, width_of
from bench.report.words.names import short

__all__ = ["Tick", "Written", "written"]

_TICKS = 6  # of an axis, about
_SIZE = 8.5  # points, of what stands at a tick
_AWAY, _OFF_NAME = 7.0, 3.5  # points of a figure from its axis, and of a name, which has no tick
_LABEL, _TITLE = 4.0, 6.0  # points from the ticks to the label, from the frame to the title
_LEADING = 0.5  # points, half of what is between two lines
_BESIDE = 30.0  # points of a panel's share that its x axis' label leaves to what is beside it
_UPWARDS = 90.0  # points that a y axis' label may take, however low its panel
_APART = 6.0  # points between the figures of two ticks
_NAME_CELLS, _NAME_ROOM = 28, 170.0  # of an axis, and points: longer ones leave no room for marks


class Tick(NamedTuple):
    """`at`: points along its axis; `names`: of a scale of names, without a line of its own."""

    at: float
    labels: tuple[Label, ...]
    names: bool = False


class Written(NamedTuple):
    """`title` may reach over the next panel's axis, all else has to be given room."""

    title: tuple[Label, ...]
    x: Sequence[Tick]
    y: Sequence[Tick]
    others: tuple[Label, ...]

    def boxes(self) -> Iterator[Box]:
        """Of all but the title."""
        yield from map(box_of, self.others)
        for tick in (*self.x, *self.y):
            yield from map(box_of, tick.labels)


def written(panel: Panel, frame: Frame, pitch: float, column: float) -> Written:
    """`pitch`: points from the frame's left end to that of the next; `column`: what the panel's share of the width is."""
    x = list(_x_ticks(panel.x, frame)) if panel.x.shown else []
    y = list(_y_ticks(panel.y, frame)) if panel.y.shown else []
    labels = (*_x_label(panel.x, frame, x, column), *_y_label(panel.y, frame, y))
    names = (label for mark in panel.marks for label in texts_of(frame, mark))
    return Written(tuple(_title(panel, frame, pitch)), x, y, (*labels, *names))


def _title(panel: Panel, frame: Frame, pitch: float) -> Iterator[Label]:
    if panel.title:
        text = fitted(_low(short(panel.title, 60)), pitch - _APART, 9.0)
        yield Label(frame.box.left, frame.box.top + _TITLE, text, up="bottom")


def _low(text: str) -> str:
    """Without the second and further accents of a letter, which would stack: no room would be left for marks below."""
    combining = [unicodedata.combining(one) > 0 for one in text]
    stacked = (
        here and before for here, before in zip(combining, [False, *combining], strict=False)
    )
    return "".join(one for one, is_stacked in zip(text, stacked, strict=True) if not is_stacked)


def _x_ticks(axis: Axis, frame: Frame) -> Iterator[Tick]:
    bottom = frame.box.bottom
    if axis.scale == "names":
        room = (frame.box.right - frame.box.left) / (len(axis.names) + 0.2) - _APART / 2
        for place, lines in enumerate(_names(axis)):
            at, top = frame.x(place), bottom - _OFF_NAME
            cut = (fitted(line, room, _SIZE) for line in lines)
            yield Tick(at, tuple(_downwards(cut, at, top)), True)
        return

    def label(value: float, text: str) -> Label:
        return Label(frame.x(value), bottom - _AWAY, text, "center", "top", _SIZE)

    yield from (Tick(one.x, (one,)) for one in _that_fit(axis, frame.across, label))


def _downwards(lines: Iterator[str], at: float, top: float) -> Iterator[Label]:
    for line in lines:
        label = Label(at, top, line, "center", "top", _SIZE)
        yield label
        top = box_of(label).bottom - 2 * _LEADING


def _y_ticks(axis: Axis, frame: Frame) -> Iterator[Tick]:
    left = frame.box.left
    if axis.scale == "names":
        for place, (name, *under) in enumerate(_names(axis)):
            at = frame.y(place)
            line = partial(Label, left - _OFF_NAME, at, across="right", size=_SIZE)
            if under:
                above = line(name, up="bottom")._replace(y=at + _LEADING)
                below = line(under[0], up="top")._replace(y=at - _LEADING)
                yield Tick(at, (above, below), True)
            else:
                yield Tick(at, (line(name),), True)
        return

    def label(value: float, text: str) -> Label:
        return Label(left - _AWAY, frame.y(value), text, "right", size=_SIZE)

    yield from (Tick(one.y, (one,)) for one in _that_fit(axis, frame.up, label))


def _names(axis: Axis) -> Iterator[tuple[str, ...]]:
    """Each with what stands under it."""
    for name, under in zip_longest(axis.names, axis.under):
        lines = (short(name, _NAME_CELLS), *(() if under is None else (short(under),)))
        yield tuple(fitted(_low(line), _NAME_ROOM, _SIZE) for line in lines)


def _that_fit(axis: Axis, scale: Scale, label: Callable[[float, str], Label]) -> Sequence[Label]:
    """As many figures as keep apart, at least two where there are."""
    found: list[Label] = []
    for most in range(_TICKS, 0, -1):
        fewer = [label(value, text) for value, text in ticks(axis, scale, most)]
        if found and len(fewer) < 2:
            return found
        found = fewer
        if _are_apart(found):
            return found
    return found


def _are_apart(labels: Sequence[Label]) -> bool:
    return all(
        two.left - one.right >= _APART or two.bottom >= one.top
        for one, two in pairwise(map(box_of, labels))
    )


def _x_label(axis: Axis, frame: Frame, ticked: Sequence[Tick], column: float) -> Iterator[Label]:
    """Below the middle of its frame; one that is wider ends where the frame does, as there is room below the y axis."""
    if axis.label and axis.shown:
        lowest = around(_boxes(ticked)).bottom if ticked else frame.box.bottom
        text = fitted(short(axis.label, 70), column - _BESIDE, 9.0)
        left, right = frame.box.left, frame.box.right
        middle = min((left + right) / 2, right - width_of(text, 9.0) / 2)
        yield Label(middle, lowest - _LABEL, text, "center", "top")


def _y_label(axis: Axis, frame: Frame, ticked: Sequence[Tick]) -> Iterator[Label]:
    if axis.label and axis.shown:
        left = around(_boxes(ticked)).left if ticked else frame.box.left
        middle = (frame.box.bottom + frame.box.top) / 2
        room = max(frame.box.top - frame.box.bottom, _UPWARDS)
        text = fitted(short(axis.label, 70), room, 9.0)
        yield Label(left - _LABEL, middle, text, turned=True)


def _boxes(ticked: Sequence[Tick]) -> list[Box]:
    return [box_of(label) for tick in ticked for label in tick.labels]
