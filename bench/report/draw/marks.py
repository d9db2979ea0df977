"""A mark of a chart -> matplotlib artists, each with the id that the chart gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bench.report.charts.model import Bars, Line, Mark, Points, Rule, Side, Spans, Words
from bench.report.draw.style import COLOURS, INK, LOOKS, PAPER, Look
from bench.report.words.names import short

__all__ = ["draw_mark"]

_SIZE = 5.5  # of a marker, in points
# where the name of a point stands: points from it, and which end of the name that is
_BESIDE: Mapping[Side, tuple[tuple[float, float], str, str]] = {
    "right": ((5, 0), "left", "center"),
    "left": ((-5, 0), "right", "center"),
    "above": ((0, 5), "center", "bottom"),
    "below": ((0, -5), "center", "top"),
    "above right": ((3, 4), "left", "bottom"),
    "above left": ((-3, 4), "right", "bottom"),
    "below right": ((3, -4), "left", "top"),
    "below left": ((-3, -4), "right", "top"),
}


def draw_mark(axes: Axes, mark: Mark) -> None:
    """On axes whose scale and limits are set."""
    match mark:
        case Points():
            _points(axes, mark)
        case Spans():
            _spans(axes, mark)
        case Line():
            _line(axes, mark)
        case Bars():
            _bars(axes, mark)
        case Rule():
            _rule(axes, mark)
        case Words():
            weight = "bold" if mark.strong else "normal"
            axes.text(
                mark.x, mark.y, short(mark.text, 80), ha=mark.align, va="center", weight=weight
            )


def _points(axes: Axes, mark: Points) -> None:
    """One artist each: every point can be found in the drawing."""
    look = LOOKS[mark.role]
    look = look._replace(hollow=look.hollow or mark.hollow)
    for place, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
        label = mark.label if place == 0 else ""
        axes.plot(
            [x],
            [y],
            gid=f"{mark.key}-{place}",
            label=label or "_",
            clip_on=not _is_inside(axes, x, y),  # on the edge a marker is whole
            **_marker(look),
        )
    sides: Sequence[Side] = mark.sides or ["right"] * len(mark.names)
    for x, y, name, side in zip(mark.x, mark.y, mark.names, sides, strict=False):
        if name:
            offset, across, up = _BESIDE[side]
            axes.annotate(
                short(name),
                (x, y),
                offset,
                textcoords="offset points",
                ha=across,
                va=up,
                fontsize=8,
            )


def _is_inside(axes: Axes, x: float, y: float) -> bool:
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    return left <= x <= right and bottom <= y <= top


def _marker(look: Look) -> dict[str, Any]:
    face = PAPER if look.hollow else look.colour
    return {
        "linestyle": "none",
        "marker": look.marker,
        "markersize": _SIZE,
        "markerfacecolor": face,
        "markeredgecolor": look.colour,
        "markeredgewidth": 1.2,
        "zorder": 3,
    }


def _spans(axes: Axes, mark: Spans) -> None:
    look = LOOKS[mark.role]
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    least, most = (bottom, top) if mark.upright else (left, right)
    for place, (low, high, at) in enumerate(zip(mark.low, mark.high, mark.at, strict=True)):
        ends, across = [max(low, least), min(high, most)], [at, at]
        x, y = (across, ends) if mark.upright else (ends, across)
        axes.plot(
            x,
            y,
            color=look.colour,
            linewidth=4 if mark.thick else 1.4,
            solid_capstyle="butt",
            gid=f"{mark.key}-{place}",
            zorder=2,
        )


def _line(axes: Axes, mark: Line) -> None:
    look = LOOKS[mark.role]
    axes.plot(
        mark.x,
        mark.y,
        color=look.colour,
        linewidth=0.8 if mark.thin else 1.4,
        dashes=(3, 2) if mark.dashed else (look.dashes or (None, None)),
        drawstyle="steps-post" if mark.steps else "default",
        label=mark.label or "_",
        gid=f"{mark.key}-0",
    )


def _bars(axes: Axes, mark: Bars) -> None:
    look = LOOKS[mark.role]
    start = np.array(mark.start or [0.0] * len(mark.end))
    lengths = np.array(mark.end) - start
    looks: dict[str, Any] = {
        "color": PAPER if look.hollow else look.colour,
        "edgecolor": look.colour,
        "hatch": "////" if look.hollow else None,
        "linewidth": 0.8,
        "label": mark.label or "_",
    }
    if mark.upright:
        bars = axes.bar(mark.at, lengths, mark.width, bottom=start, **looks)
    else:
        bars = axes.barh(mark.at, lengths, mark.width, left=start, **looks)
    for place, bar in enumerate(bars):
        bar.set_gid(f"{mark.key}-{place}")
    if not mark.upright:
        _beside_bars(axes, mark.end, mark.at, mark.names)


def _beside_bars(
    axes: Axes, ends: Sequence[float], at: Sequence[float], names: Sequence[str]
) -> None:
    for end, place, name in zip(ends, at, names, strict=False):
        axes.annotate(
            short(name), (end, place), (3, 0), textcoords="offset points", va="center", fontsize=8
        )


def _rule(axes: Axes, mark: Rule) -> None:
    draw = axes.axhline if mark.level else axes.axvline
    draw(mark.at, color=COLOURS["soft"], linewidth=0.8, dashes=(3, 2), zorder=1)
    if mark.label and mark.level:
        axes.annotate(
            short(mark.label),
            (1, mark.at),
            (0, 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=INK,
        )
    elif mark.label:
        axes.annotate(
            short(mark.label),
            (mark.at, 1),
            (2, 0),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=INK,
        )
