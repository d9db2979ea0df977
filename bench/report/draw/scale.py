"""From figures to places: an axis' ends and ticks, and a panel's frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator

from bench.report.charts.model import Axis, Bars, Format, Line, Mark, Points, Rule, Spans
from bench.report.draw.log_ticks import log_ticks
from bench.report.draw.texts import Box
from bench.report.words.figures import signed

__all__ = ["Frame", "Scale", "scale_of", "ticks"]

_MARGIN = 0.04  # share of the range of the marks beyond them
_STEPS = (1, 2, 5, 10)
_DIGITS = 10  # of a figure on an axis: its last zeros are not written
_ROUNDED = 1e-9  # share of an axis that a tick at its end may be off
_FAR = 1e3  # axes away: where a logarithmic axis has what is not above 0


class Scale(NamedTuple):
    """`low` is at the left or the bottom; the larger one, of names from above."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -_FAR
        return math.log(value / self.low) / math.log(self.high / self.low)


class Frame(NamedTuple):
    """What a panel's marks stand in, in points."""

    box: Box
    across: Scale
    up: Scale

    def x(self, value: float) -> float:
        return self.box.left + self.across.share(value) * (self.box.right - self.box.left)

    def y(self, value: float) -> float:
        return self.box.bottom + self.up.share(value) * (self.box.top - self.box.bottom)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the drawing is inside, or on the edge."""
        left, bottom, right, top = self.box
        near = 1e-6
        return left - near <= x <= right + near and bottom - near <= y <= top + near


def scale_of(axis: Axis, marks: Sequence[Mark], which: str) -> Scale:
    if axis.scale == "names":
        ends = (-0.6, len(axis.names) - 0.4)
        return Scale(*(ends if which == "x" else reversed(ends)))
    extent = [value for mark in marks for value in _places(mark, which) if math.isfinite(value)]
    low, high = _ends(axis, extent)
    return Scale(low, high, axis.scale == "log")


def _places(mark: Mark, which: str) -> Sequence[float]:
    match mark:
        case Points() | Line():
            return mark.x if which == "x" else mark.y
        case Spans():
            along = "y" if mark.upright else "x"
            return (*mark.low, *mark.high) if which == along else mark.at
        case Bars():
            along = "y" if mark.upright else "x"
            return (*mark.end, *(mark.start or (0.0,))) if which == along else mark.at
        case Rule():
            return (mark.at,) if which == ("y" if mark.level else "x") else ()
        case _:
            return ()


def _ends(axis: Axis, extent: Sequence[float]) -> tuple[float, float]:
    """The axis' own, else a little beyond its marks."""
    least, most = min(extent, default=0.0), max(extent, default=1.0)
    if axis.scale == "log":
        least = min((value for value in extent if value > 0), default=1.0)
        room = max(most / least, 1.1) ** _MARGIN
        low, high = least / room, max(most, least) * room
    else:
        room = (most - least or abs(most) or 1.0) * _MARGIN
        low, high = least - room, most + room
    low, high = low if axis.low is None else axis.low, high if axis.high is None else axis.high
    return (low, high) if low < high else _apart(low, log=axis.scale == "log")


def _apart(value: float, *, log: bool) -> tuple[float, float]:
    """Ends around a single figure: an axis has a length."""
    if log:
        return value / 1.1, value * 1.1
    room = (abs(value) or 1.0) * _MARGIN
    return value - room, value + room


def ticks(axis: Axis, scale: Scale, most: int) -> list[tuple[float, str]]:
    """Round figures between the ends, as tables have them; about `most`, on a logarithmic axis as many as are no crowd."""
    found = log_ticks(scale.low, scale.high) if scale.log else []
    if len(found) < 2:
        found = _round_figures(scale.low, scale.high, most, axis.format == "count")
    return [(value, _FORMATS[axis.format](value)) for value in found]


@lru_cache(maxsize=1024)
def _round_figures(low: float, high: float, most: int, whole: bool) -> list[float]:
    locator = MaxNLocator(most, steps=_STEPS, integer=whole, min_n_ticks=1)
    near = (high - low) * _ROUNDED
    return [
        float(one) for one in locator.tick_values(low, high) if low - near <= one <= high + near
    ]


def _plain(value: float) -> str:
    return f"{value:,.6g}"


def _few_signed(value: float) -> str:
    text = signed(value, _DIGITS).rstrip("0")
    return "0" if text in (".", "") else text.rstrip(".")


def _few_loss(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".").removeprefix("0") or "0"


_FORMATS: Mapping[Format, Callable[[float], str]] = {
    "loss": _few_loss,
    "signed": _few_signed,
    "percent": lambda value: f"{100 * value:.4g}%",
    "plain": _plain,
    "count": _plain,
}
