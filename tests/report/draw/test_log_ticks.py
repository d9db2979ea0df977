from __future__ import annotations

import math

import pytest

from bench.report.charts.model import Axis, Chart, Panel, Points
from bench.report.draw.log_ticks import log_ticks
from tests.report.svg_points import Drawing


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.9, 11, [1, 2, 5, 10]),
        (0.04, 11, [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]),
        (0.9, 1100, [1, 3, 10, 30, 100, 300, 1000]),
        (2.1, 4.9, []),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize("exponent", [-300, -20, -3, 0, 3, 20, 300])
@pytest.mark.parametrize("powers", [0.5, 1, 2, 5, 40])
def test_ticks_stay_within_any_axis(exponent: int, powers: float) -> None:
    low = 10.0 ** (exponent - 4)
    high = low * 10**powers if math.log10(low) + powers < 300 else 1e300
    found = log_ticks(low, high)
    assert len(found) <= 8
    assert all(low <= tick <= high for tick in found)
    assert found == sorted(set(found))


@pytest.mark.parametrize("ends", [(3.1, 3.3), (2.0, 5.5), (0.9, 11.0), (1e-7, 1e7)])
def test_an_axis_of_any_length_can_be_read(ends: tuple[float, float]) -> None:
    points = Points("some-point", ends, (0.0, 1.0), "better")
    chart = Chart(
        "some", "Some", "Two points.", (Panel(Axis(scale="log"), Axis(), (points,)),), None
    )
    found = Drawing(chart, log="x").points("some-point")
    assert [x for x, _ in found] == pytest.approx(list(ends), rel=1e-4)
