"""Ends of axes of differences: every axis has a length."""

from __future__ import annotations

import pytest

from bench.report.charts.ends import beyond, ends
from bench.report.charts.model import Axis, Points, Scale
from bench.report.draw.scale import scale_of


@pytest.mark.parametrize(
    "intervals", [[(0.0, 0.0)], [(0.0, 0.0)] * 3, [(0.0, 0.0), (0.0, 1e-300)], [(-2.0, -1.0)]]
)
def test_they_are_apart_and_hold_0(intervals: list[tuple[float, float]]) -> None:
    low, high = ends([low for low, _ in intervals], intervals)
    assert low < 0 < high


def test_intervals_are_cut_and_points_never_are() -> None:
    intervals = [(-0.1, 0.1)] * 4 + [(-0.5, 2.0), (0.3, 9.0)]
    points = [0.0] * 4 + [0.75, 0.68]
    low, high = axis = ends(points, intervals)
    assert low < -0.4 < high
    assert 0.75 < high < 0.8
    assert beyond(intervals, axis) == [4, 5]


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("value", [0.25, 1.0, 3e9])
def test_an_axis_of_a_single_figure_has_a_length(scale: Scale, value: float) -> None:
    at = Points("p", (value,), (0.0,), "better")
    for axis in (Axis(scale=scale), Axis(scale=scale, low=value, high=value)):
        found = scale_of(axis, [at], "x")
        assert found.low < value < found.high
        assert 0 < found.share(value) < 1


def test_an_axis_from_0_to_0_has_a_length() -> None:
    found = scale_of(Axis(low=0.0, high=0.0), [], "x")
    assert found.share(0.0) == 0.5
