"""Every text of a drawing with the room that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bench.report.charts.model import Chart
from bench.report.draw.files import as_file

__all__ = ["overlapping", "texts"]

_TOUCH = 0.5  # points that two boxes may share: they are a little larger than letters


def texts(chart: Chart) -> list[tuple[str, Bbox]]:
    """As it is drawn at its own width, in points."""
    found: dict[int, tuple[str, Bbox]] = {}
    draw = Text.draw

    def noted(self: Text, renderer: Any) -> None:
        if self.get_visible() and self.get_text():
            found[id(self)] = self.get_text(), Text.get_window_extent(self, renderer)
        draw(self, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        as_file(chart, "svg")
    return list(found.values())


def overlapping(found: Sequence[tuple[str, Bbox]]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on one another."""
    return [
        (one, other)
        for (one, box), (other, its) in combinations(found, 2)
        if min(box.x1, its.x1) - max(box.x0, its.x0) > _TOUCH
        and min(box.y1, its.y1) - max(box.y0, its.y0) > _TOUCH
    ]
