"""Where the panels of a chart stand, so that all that is written around them has its room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.charts.model import Chart, Panel
from bench.report.draw.legend import Legend, legend_of
from bench.report.draw.scale import Frame, Scale, scale_of
from bench.report.draw.texts import Box, around, box_of
from bench.report.draw.written import Written, written

__all__ = ["Layout", "Placed", "arranged"]

_NARROW, _WIDE = 374.0, 763.0  # points
_ROW = 11.2  # points, of a row of text
_EDGE = 3.0  # points around a drawing
_BETWEEN = 8.0  # points from what is around a panel to what is around the next
_OVERHANG = 4.0  # points around a frame, at least: of markers on its edge
_LEAST = 40.0  # points, of a frame's width: names may be longer than there is room for
_PASSES = 10  # at most: texts decide where frames stand, and frames where texts do
_SETTLED = 0.1  # points


class Placed(NamedTuple):
    panel: Panel
    frame: Frame
    written: Written


class Layout(NamedTuple):
    """In points, from the lower left corner; `bottom`: of the legend."""

    width: float
    height: float
    panels: Sequence[Placed]
    legend: Legend
    bottom: float = _EDGE


class _Room(NamedTuple):
    """Points beside each column, and above and below each row, from its frames."""

    left: tuple[float, ...]
    right: tuple[float, ...]
    above: tuple[float, ...]
    below: tuple[float, ...]


class _Grid(NamedTuple):
    """`panels`: each with its row and column and its scales."""

    panels: tuple[tuple[int, int, Panel, Scale, Scale], ...]
    shares: tuple[float, ...]
    heights: tuple[float, ...]
    width: float
    below: float


def arranged(chart: Chart) -> Layout:
    """Of a chart that has something to draw."""
    width = _WIDE if chart.wide else _NARROW
    legend = legend_of(chart, width - 2 * _EDGE)
    grid = _grid(chart, width, legend.height + _EDGE)
    columns, rows = (_OVERHANG,) * len(grid.shares), (_OVERHANG,) * len(grid.heights)
    room = _Room(columns, columns, rows, rows)
    for _ in range(_PASSES):
        placed = list(_placed(grid, room))
        needed = _room(grid, placed)
        if _is_settled(room, needed):
            break
        room = needed
    else:
        placed = list(_placed(grid, room))
    return Layout(width, _height(grid, room), placed, legend)


def _is_settled(room: _Room, needed: _Room) -> bool:
    return all(
        abs(one - other) < _SETTLED
        for had, needs in zip(room, needed, strict=True)
        for one, other in zip(had, needs, strict=True)
    )


def _grid(chart: Chart, width: float, below: float) -> _Grid:
    columns = min(chart.columns, len(chart.panels))
    panels = tuple(
        (
            *divmod(place, columns),
            panel,
            scale_of(panel.x, panel.marks, "x"),
            scale_of(panel.y, panel.marks, "y"),
        )
        for place, panel in enumerate(chart.panels)
    )
    heights: dict[int, float] = {}
    for row, _, panel, _, _ in panels:
        heights[row] = max(heights.get(row, 0.0), panel.height * _ROW)
    shares = tuple(panel.width for panel in chart.panels[:columns])
    return _Grid(panels, shares, tuple(heights.values()), width, below)


def _placed(grid: _Grid, room: _Room) -> Iterator[Placed]:
    lefts = list(_lefts(grid, room))
    bottoms = list(_bottoms(grid, room))
    for row, column, panel, across, up in grid.panels:
        (left, right), (bottom, top) = lefts[column], bottoms[row]
        after = lefts[column + 1][0] if column + 1 < len(lefts) else grid.width
        frame = Frame(Box(left, bottom, right, top), across, up)
        share = grid.width * grid.shares[column] / sum(grid.shares)
        yield Placed(panel, frame, written(panel, frame, after - left, share))


def _lefts(grid: _Grid, room: _Room) -> Iterator[tuple[float, float]]:
    """Left and right end of each column's frames."""
    taken = sum(room.left) + sum(room.right) + _BETWEEN * (len(grid.shares) - 1) + 2 * _EDGE
    per_share = (grid.width - taken) / sum(grid.shares)
    left = _EDGE
    for before, share, behind in zip(room.left, grid.shares, room.right, strict=True):
        left += before
        right = left + max(per_share * share, _LEAST)
        yield left, right
        left = right + behind + _BETWEEN


def _bottoms(grid: _Grid, room: _Room) -> Iterator[tuple[float, float]]:
    """Lower and upper end of each row's frames."""
    top = _height(grid, room) - _EDGE
    for above, height, below in zip(room.above, grid.heights, room.below, strict=True):
        top -= above
        yield top - height, top
        top -= height + below + _BETWEEN


def _height(grid: _Grid, room: _Room) -> float:
    between = _BETWEEN * (len(grid.heights) - 1)
    return sum((*room.above, *grid.heights, *room.below, between, grid.below, _EDGE))


def _room(grid: _Grid, placed: Sequence[Placed]) -> _Room:
    """What all that is written needs."""
    columns, rows = len(grid.shares), len(grid.heights)
    left, right = [_OVERHANG] * columns, [_OVERHANG] * columns
    above, below = [_OVERHANG] * rows, [_OVERHANG] * rows
    for (row, column, *_), one in zip(grid.panels, placed, strict=True):
        frame, titles = one.frame.box, map(box_of, one.written.title)
        whole = around([frame, *one.written.boxes()])
        top = max([whole.top, *(title.top for title in titles)])
        left[column] = max(left[column], frame.left - whole.left)
        right[column] = max(right[column], whole.right - frame.right)
        below[row] = max(below[row], frame.bottom - whole.bottom)
        above[row] = max(above[row], top - frame.top)
    return _Room(tuple(left), tuple(right), tuple(above), tuple(below))
