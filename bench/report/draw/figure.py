"""A chart -> a matplotlib figure: its panels side by side, axes, legend."""

from __future__ import annotations

import math
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench.report.charts.model import Axis, Bars, Chart, Format, Mark, Panel, Points, Spans
from bench.report.charts.model import Line as ChartLine
from bench.report.draw.log_ticks import log_ticks
from bench.report.draw.marks import draw_mark
from bench.report.draw.style import RULES, SETTINGS
from bench.report.words.figures import signed
from bench.report.words.names import short

__all__ = ["drawn"]

WIDTH, WIDE = 5.2, 10.6  # inches
_ROW = 0.155  # inches of a row of text
_AROUND = 0.55  # inches of axis, ticks and title of a row of panels
_LABEL = 0.18  # of that, the label below the ticks
_LEGEND = 0.22  # of a line of the legend
_MARGIN = 0.04  # share of the range of the marks beyond them
_TICKS, _FEW_TICKS = 6, 4  # of an axis; of one of several panels beside one another
_NAME_CELLS = 28  # of an axis: longer ones leave no room for marks
_STEPS = (1, 2, 5, 10)
_DIGITS = 10  # of a figure on an axis: its last zeros are not written


@contextmanager
def drawn(chart: Chart) -> Iterator[Figure]:
    """The figure, while the settings that it is drawn by are in force; `chart` has something to draw."""
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # of a name in another script: a page's reader has fonts of their own
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        yield _figure(chart)


def _figure(chart: Chart) -> Figure:
    rows = _in_rows(chart)
    heights = [_height(row) for row in rows]
    labels = _labels(chart)
    width = WIDE if chart.wide else WIDTH
    figure = Figure(
        figsize=(width, sum(heights) + _legend_height(labels, width)),
        layout=ConstrainedLayoutEngine(h_pad=0.03, w_pad=0.03),
    )
    parts: Any = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
    for row, part in zip(rows, parts, strict=True):
        missing = len(rows[0]) - len(row)
        shares = [*(panel.width for panel in row), *(1.0,) * missing]
        grid = part.subplots(1, len(shares), width_ratios=shares, squeeze=False)
        for panel, axes in zip(row, grid[0][: len(row)], strict=True):
            _panel(axes, panel, _TICKS if len(row) < 3 else _FEW_TICKS)
        for axes in grid[0][len(row) :]:
            axes.set_visible(False)
    if labels:
        _legend(figure, labels, width)
    return figure


def _height(row: Sequence[Panel]) -> float:
    """Inches."""
    labelled = any(panel.x.shown and panel.x.label for panel in row)
    around = _AROUND if labelled else _AROUND - _LABEL
    return max(panel.height for panel in row) * _ROW + around


def _in_rows(chart: Chart) -> list[tuple[Panel, ...]]:
    step = chart.columns
    return [chart.panels[first : first + step] for first in range(0, len(chart.panels), step)]


def _panel(axes: Axes, panel: Panel, ticks: int) -> None:
    if panel.title:
        axes.set_title(_low(short(panel.title, 60)))
    axes.autoscale(False)
    _axis(axes, "x", panel.x, _extent(panel.marks, "x"), ticks)
    _axis(axes, "y", panel.y, _extent(panel.marks, "y"), _TICKS)
    for mark in panel.marks:
        draw_mark(axes, mark)


def _low(text: str) -> str:
    """Without the second and further accents of a letter, which would stack: no room would be left for marks below."""
    combining = [unicodedata.combining(one) > 0 for one in text]
    stacked = (
        here and before for here, before in zip(combining, [False, *combining], strict=False)
    )
    return "".join(one for one, is_stacked in zip(text, stacked, strict=True) if not is_stacked)


def _axis(axes: Axes, which: str, axis: Axis, extent: Sequence[float], most: int) -> None:
    lined = axes.xaxis if which == "x" else axes.yaxis
    limit = axes.set_xlim if which == "x" else axes.set_ylim
    if axis.scale == "log":
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if not axis.shown:
        lined.set_visible(False)
        axes.spines["bottom" if which == "x" else "left"].set_visible(False)
    if axis.label:
        lined.set_label_text(short(axis.label, 70))
    if axis.scale == "names":
        ends = (-0.6, len(axis.names) - 0.4)
        limit(*(ends if which == "x" else reversed(ends)))
        lined.set_ticks(range(len(axis.names)), list(_names(axis)))
        lined.set_tick_params(length=0)
        return
    ends = _ends(axis, extent)
    limit(*ends)
    axes.grid(True, axis="x" if which == "x" else "y", color=RULES)
    lined.set_major_locator(
        MaxNLocator(most, steps=_STEPS, integer=axis.format == "count", min_n_ticks=1)
    )
    if axis.scale == "log":
        lined.set_minor_locator(NullLocator())
        if len(ticks := log_ticks(*ends)) > 1:
            lined.set_major_locator(FixedLocator(ticks))
    lined.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, axis)))


def _names(axis: Axis) -> Iterator[str]:
    for name, under in zip_longest(axis.names, axis.under):
        yield "\n".join((short(name, _NAME_CELLS), *(() if under is None else (short(under),))))


def _tick(value: float, axis: Axis) -> str:
    """A figure on an axis, as tables have it."""
    return _FORMATS[axis.format](value)


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


def _extent(marks: Sequence[Mark], which: str) -> list[float]:
    """All finite places of marks along an axis."""
    return [value for mark in marks for value in _places(mark, which) if math.isfinite(value)]


def _places(mark: Mark, which: str) -> Sequence[float]:
    match mark:
        case Points() | ChartLine():
            return mark.x if which == "x" else mark.y
        case Spans():
            along = "y" if mark.upright else "x"
            return (*mark.low, *mark.high) if which == along else mark.at
        case Bars():
            along = "y" if mark.upright else "x"
            return (*mark.end, *(mark.start or (0.0,))) if which == along else mark.at
        case _:
            rule_along = getattr(mark, "at", None) is not None
            along = "y" if getattr(mark, "level", False) else "x"
            return (mark.at,) if rule_along and which == along else ()  # type: ignore[union-attr]


def _ends(axis: Axis, extent: Sequence[float]) -> tuple[float, float]:
    """The limits of an axis: its own, else a little beyond its marks."""
    least, most = min(extent, default=0.0), max(extent, default=1.0)
    if axis.scale == "log":
        least = min((value for value in extent if value > 0), default=1.0)
        room = max(most / least, 1.1) ** _MARGIN
        low, high = least / room, max(most, least) * room
    else:
        room = (most - least or abs(most) or 1.0) * _MARGIN
        low, high = least - room, most + room
    return low if axis.low is None else axis.low, high if axis.high is None else axis.high


def _labels(chart: Chart) -> list[str]:
    if not chart.legend:
        return []
    marks = [mark for panel in chart.panels for mark in panel.marks]
    return list(dict.fromkeys(label for mark in marks if (label := getattr(mark, "label", ""))))


def _per_line(labels: Sequence[str], width: float) -> int:
    """As many as fit: a letter takes about .075 inches, a marker .45."""
    widest = max(min(len(label), 40) for label in labels) * 0.075 + 0.45
    return max(1, min(len(labels), int(width / widest)))


def _legend_height(labels: Sequence[str], width: float) -> float:
    return math.ceil(len(labels) / _per_line(labels, width)) * _LEGEND if labels else 0.0


def _legend(figure: Figure, labels: Sequence[str], width: float) -> None:
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    shown = [label for label in labels if label in found]
    if shown:
        figure.legend(
            [found[label] for label in shown],
            [short(label) for label in shown],
            loc="outside lower center",
            ncols=_per_line(labels, width),
            handlelength=1.6,
            columnspacing=1.2,
        )
