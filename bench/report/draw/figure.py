"""A chart -> a matplotlib figure: its panels side by side, axes, legend."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from bench.report.charts.model import Bars, Chart, Mark, Points, Rule, Words
from bench.report.draw.layout import Layout, Placed, arranged
from bench.report.draw.legend import draw_legend
from bench.report.draw.marks import draw_mark
from bench.report.draw.pen import Pen
from bench.report.draw.style import COLOURS, RULES, SETTINGS

__all__ = ["drawn"]

_INCH = 72.0  # points
_TICK = 3.5  # points


@contextmanager
def drawn(chart: Chart) -> Iterator[Figure]:
    """The figure, while the settings that it is drawn by are in force; `chart` has something to draw."""
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # of a name in another script: a page's reader has fonts of their own
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        layout = arranged(chart)
        figure = Figure(figsize=(layout.width / _INCH, layout.height / _INCH))
        figure.add_artist(_Picture(layout))
        yield figure


class _Picture(Artist):
    """All that there is to see."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def draw(self, renderer: RendererBase) -> None:
        pen, layout = Pen(renderer), self._layout
        for placed in layout.panels:
            with pen.group("axes"):
                _panel(pen, placed)
        draw_legend(pen, layout.legend, layout.width, layout.bottom)


def _panel(pen: Pen, placed: Placed) -> None:
    panel, frame, written = placed
    _grid(pen, placed)
    for mark in sorted(panel.marks, key=_layer):
        draw_mark(pen, frame, mark)
    for label in (*written.title, *written.others):
        pen.write(label)


def _layer(mark: Mark) -> int:
    """Lines lie over bars, and points over lines."""
    return 0 if isinstance(mark, Rule | Bars) else 2 if isinstance(mark, Points | Words) else 1


def _grid(pen: Pen, placed: Placed) -> None:
    """Axes with their ticks, and a thin line across at each figure."""
    panel, frame, written = placed
    left, bottom, right, top = frame.box
    if across := [(one.at, end) for one in written.x if not one.names for end in (bottom, top)]:
        pen.line(across, RULES, 0.5, joined=False)
    if up := [(end, one.at) for one in written.y if not one.names for end in (left, right)]:
        pen.line(up, RULES, 0.5, joined=False)
    for kind, ticks in (("xtick", written.x), ("ytick", written.y)):
        for one in ticks:
            with pen.group(kind):
                if not one.names:
                    at = (one.at, bottom) if kind == "xtick" else (left, one.at)
                    pen.tick(at, COLOURS["soft"], _TICK, leftwards=kind == "ytick")
                for label in one.labels:
                    pen.write(label)
    if panel.x.shown:
        pen.line([(left, bottom), (right, bottom)], COLOURS["soft"], 0.6)
    if panel.y.shown:
        pen.line([(left, bottom), (left, top)], COLOURS["soft"], 0.6)
