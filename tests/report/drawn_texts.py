"""Every text of a drawing with the room that it takes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.transforms import Bbox

from bench.report.charts.model import Chart
from bench.report.draw.files import as_file

__all__ = ["outside", "overlapping", "texts"]

_TOUCH = 0.5  # points that two boxes may share: they are a little larger than letters


def texts(chart: Chart) -> list[tuple[str, Bbox]]:
    """As it is drawn at its own width, in points from the lower left corner: what is written, measured by what draws it."""
    found: list[tuple[str, Bbox]] = []
    draw = RendererSVG.draw_text

    def noted(
        self: Any, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, **more: Any
    ) -> None:
        width, height, depth = self.get_text_width_height_descent(s, prop, False)
        line = self.height - y
        if angle == 90:
            box = Bbox.from_extents(x - height + depth, line, x + depth, line + width)
        else:
            box = Bbox.from_extents(x, line - depth, x + width, line - depth + height)
        found.append((s, box))
        draw(self, gc, x, y, s, prop, angle, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RendererSVG, "draw_text", noted)
        as_file(chart, "svg")
    return found


def outside(chart: Chart) -> list[str]:
    """Texts that are cut at an edge of the drawing."""
    _, _, width, height = map(
        float, ET.fromstring(as_file(chart, "svg")).get("viewBox", "").split()
    )
    return [
        text
        for text, box in texts(chart)
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]


def overlapping(found: Sequence[tuple[str, Bbox]]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on one another."""
    return [
        (one, other)
        for (one, box), (other, its) in combinations(found, 2)
        if min(box.x1, its.x1) - max(box.x0, its.x0) > _TOUCH
        and min(box.y1, its.y1) - max(box.y0, its.y0) > _TOUCH
    ]
