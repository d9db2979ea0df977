"""Reads a drawing back: where the marks of a chart stand, in the units that its axes are labelled with.

Knows of the chart nothing but the ids of its marks: pixels become figures by the ticks of the axes alone."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from bench.report.charts.model import Chart
from bench.report.draw.files import as_file

__all__ = ["Drawing", "Point"]

Point = tuple[float, float]
_SVG = "{http://www.w3.org/2000/svg}"
_CORNER = re.compile(r"[ML] (\S+) (\S+)")


class Drawing:
    """`log`: the axes, "x", "y", "xy" or none, that are logarithmic."""

    def __init__(self, chart: Chart, log: str = "") -> None:
        self._log = log
        root = ET.fromstring(as_file(chart, "svg"))
        self._axes = {
            mark.get("id", ""): axes
            for axes in root.iter(f"{_SVG}g")
            if axes.get("id", "").startswith("axes_")
            for mark in axes.iter(f"{_SVG}g")
        }

    def ids(self, start: str) -> list[str]:
        """Of marks whose key is START, in their order."""
        return [ident for ident in self._axes if re.fullmatch(rf"{re.escape(start)}-\d+", ident)]

    def point(self, ident: str) -> Point:
        """Of Points."""
        (use,) = self._mark(ident).iter(f"{_SVG}use")
        return self._figures(ident, float(use.get("x", "")), float(use.get("y", "")))

    def points(self, start: str) -> list[Point]:
        """All of one key."""
        return [self.point(ident) for ident in self.ids(start)]

    def corners(self, ident: str) -> list[Point]:
        """Of a Line, or the two ends of a Span."""
        (path,) = self._mark(ident).iter(f"{_SVG}path")
        found = _CORNER.findall(path.get("d", ""))
        return [self._figures(ident, float(x), float(y)) for x, y in found]

    def named(self, ident: str) -> str:
        """The name on the y axis at whose height a point or a line begins."""
        mark = self._mark(ident)
        heights = [float(use.get("y", "")) for use in mark.iter(f"{_SVG}use")]
        for path in mark.iter(f"{_SVG}path"):
            heights += [float(y) for _, y in _CORNER.findall(path.get("d", ""))[:1]]
        labels = [
            (float(text.get("y", "")), text.text or "")
            for tick in _ticks(self._axes[ident], "y")
            for text in tick.iter(f"{_SVG}text")
        ]
        return min(labels, key=lambda label: abs(label[0] - heights[0]))[1]

    def _mark(self, ident: str) -> ET.Element:
        (found,) = (one for one in self._axes[ident].iter(f"{_SVG}g") if one.get("id") == ident)
        return found

    def _figures(self, ident: str, x: float, y: float) -> Point:
        axes = self._axes[ident]
        return (
            _figure(x, list(_scale(axes, "x")), "x" in self._log),
            _figure(y, list(_scale(axes, "y")), "y" in self._log),
        )


def _ticks(axes: ET.Element, which: str) -> Iterator[ET.Element]:
    return (
        group for group in axes.iter(f"{_SVG}g") if group.get("id", "").startswith(f"{which}tick_")
    )


def _scale(axes: ET.Element, which: str) -> Iterator[tuple[float, float]]:
    """(pixel, figure) of the ticks; none of an axis of names."""
    for tick in _ticks(axes, which):
        for use in tick.iter(f"{_SVG}use"):
            (text,) = tick.iter(f"{_SVG}text")
            yield float(use.get(which, "")), _read(text.text or "")


def _read(text: str) -> float:
    """`-.08`, `1,000`, `40%`."""
    plain = text.replace(",", "").replace("\N{MINUS SIGN}", "-")
    return float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)


def _figure(pixel: float, scale: list[tuple[float, float]], log: bool) -> float:
    """Pixel to figure; ticks that do not lie on the scale fail."""
    if not scale:
        return math.nan
    told = [(at, math.log(value) if log else value) for at, value in scale]
    (first, low), (last, high) = told[0], told[-1]
    assert len(told) > 1
    per_pixel = (high - low) / (last - first)
    for at, value in told:
        assert abs(low + (at - first) * per_pixel - value) < 1e-5 * abs(high - low)
    found = low + (pixel - first) * per_pixel
    return math.exp(found) if log else found
