"""The diagram of mean ranks, read back from what was drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from bench.report import Ranks
from bench.report.charts.critical_difference import critical_difference
from bench.report.charts.model import Chart, Spans, Words
from bench.report.content.ranks import ranks
from bench.report.draw.files import FORMATS, as_file
from tests.report.drawn_texts import texts
from tests.report.sections_with_figures import section
from tests.report.test_layout import HOSTILE

Place = tuple[float, float]


def noisy(methods: int, datasets: int, noise: float = 1.0, name: str = "method-{}") -> Ranks:
    """Methods in their order, but for noise."""
    draw = np.random.default_rng(methods)
    names = [name.format(place) for place in range(methods)]
    tables = (np.arange(methods) / 10 + noise * draw.random((datasets, methods))).tolist()
    found = ranks(
        [
            section(f"d{place}", dict(zip(names, row, strict=True)))
            for place, row in enumerate(tables)
        ]
    )
    assert found is not None
    return found


def paths(chart: Chart) -> dict[str, list[Place]]:
    """Of each mark: the points of its path, or of its marker, in the drawing's own coordinates."""
    root = ET.fromstring(as_file(chart, "svg"))
    found = {}
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        used = [
            (float(one.get("x", 0)), float(one.get("y", 0)))
            for one in group.findall(".//{http://www.w3.org/2000/svg}use")
        ]
        lines = [one.get("d", "") for one in group.findall("{http://www.w3.org/2000/svg}path")]
        numbers = [
            tuple(map(float, pair))
            for line in lines
            for pair in re.findall(r"[ML] (\S+) (\S+)", line)
        ]
        found[group.get("id", "")] = used or numbers
    return found  # type: ignore[return-value]


def scale(drawing: dict[str, list[Place]], last: int) -> tuple[float, float]:
    """x of rank 1, and the width of one rank."""
    (start, _), (end, _) = drawing["critical-difference-axis-0"]
    return start, (end - start) / (last - 1)


@pytest.mark.parametrize("methods", [2, 3, 4, 17, 30])
def test_each_mean_rank_stands_where_it_is(methods: int) -> None:
    found = noisy(methods, datasets=8)
    drawing = paths(critical_difference(found))
    start, width = scale(drawing, methods)
    for place, mean in enumerate(found.mean_ranks):
        expected = start + (mean - 1) * width
        ((x, _),) = drawing[f"critical-difference-rank-{place}"]
        assert x == pytest.approx(expected, abs=0.01)
        line = drawing[f"critical-difference-line-{place}-0"]
        assert [x for x, _ in line[:2]] == pytest.approx([expected] * 2, abs=0.01)
    assert "critical-difference-rank-" + str(methods) not in drawing


def test_a_bar_joins_each_group_and_the_critical_difference_is_to_scale() -> None:
    found = noisy(10, datasets=12, noise=0.5)
    assert found.test is not None
    assert len(found.test.groups) > 2
    drawing = paths(critical_difference(found))
    start, width = scale(drawing, 10)
    for number, (first, last) in enumerate(found.test.groups):
        (low, _), (high, _) = drawing[f"critical-difference-group-{number}-0"]
        ends = [(x - start) / width + 1 for x in (low, high)]
        means = [found.mean_ranks[place] for place in (first, last)]
        assert ends == pytest.approx(means, abs=1e-3)
    (low, _), (high, _) = drawing["critical-difference-distance-0"]
    assert (high - low) / width == pytest.approx(found.test.critical_difference, abs=1e-3)


def words(chart: Chart) -> list[str]:
    return [mark.text for panel in chart.panels for mark in panel.marks if isinstance(mark, Words)]


def groups(chart: Chart) -> list[Spans]:
    marks = [mark for panel in chart.panels for mark in panel.marks if isinstance(mark, Spans)]
    return [mark for mark in marks if "-group-" in mark.key]


def test_without_a_difference_beyond_chance_one_bar_joins_all() -> None:
    found = noisy(5, datasets=4, noise=20.0)
    assert found.test is not None
    assert found.test.p >= 0.05
    chart = critical_difference(found)
    (bar,) = groups(chart)
    assert (*bar.low, *bar.high) == (found.mean_ranks[0], found.mean_ranks[-1])
    assert any("no differences beyond chance" in text for text in words(chart))
    assert not any(text.startswith("critical difference") for text in words(chart))


def test_a_critical_difference_beyond_the_axis_is_said_not_drawn() -> None:
    chart = critical_difference(noisy(8, datasets=2, noise=0.01))
    assert "critical difference 7.42, longer than this axis" in words(chart)
    assert "critical-difference-distance-0" not in paths(chart)


def test_of_a_hundred_methods_the_thirty_best_are_drawn() -> None:
    found = noisy(100, datasets=20, noise=3.0)
    chart = critical_difference(found)
    drawing = paths(chart)
    drawn_ranks = [one for one in drawing if one.startswith("critical-difference-rank-")]
    assert len(drawn_ranks) == 30
    start, width = scale(drawing, int(np.ceil(found.mean_ranks[29])))
    ((x, _),) = drawing["critical-difference-rank-29"]
    assert (x - start) / width + 1 == pytest.approx(found.mean_ranks[29], abs=0.01)
    assert chart.note.startswith("The 30 best of 100 are drawn; the table has all.")
    assert chart.numbers is not None
    assert len(chart.numbers.rows) == 100


def test_methods_that_all_tie_are_seen_to_be_joined() -> None:
    figures = dict.fromkeys("abc", 0.5)
    found = ranks([section(f"d{place}", figures) for place in range(6)])
    assert found is not None
    (bar,) = groups(critical_difference(found))
    assert bar.low[0] < 2 < bar.high[0]


def test_the_words_say_what_is_to_be_seen() -> None:
    chart = critical_difference(noisy(4, datasets=12, noise=0.01))
    assert chart.alt.startswith(
        "Mean ranks over 12 data sets, 1 is best: method-0 1.00, method-1 2.00, method-2 3.00 and method-3 4.00."
    )
    assert "method-0 is told apart from method-2 and method-3." in chart.alt
    assert chart.numbers is not None
    assert "critical difference 1.35" in chart.numbers.title
    assert [row.cells[0].text for row in chart.numbers.rows] == ["1.00", "2.00", "3.00", "4.00"]


def test_where_nothing_is_ranked_there_is_no_drawing() -> None:
    found = ranks([section("d", {"a": 0.5}), section("e", {"b": 0.5})])
    assert found is not None
    chart = critical_difference(found)
    assert chart.nothing
    assert chart.panels == ()


def boxes(chart: Chart) -> tuple[list[tuple[str, Bbox]], list[Bbox], Bbox]:
    """Of texts, of what lines cover, and of the whole drawing, in points from the lower left corner."""
    _, _, width, height = map(
        float, ET.fromstring(as_file(chart, "svg")).get("viewBox", "").split()
    )
    lines = [
        Bbox([(left, height - top), (right, height - bottom)])
        for places in paths(chart).values()
        for (left, top), (right, bottom) in pairwise(places)
    ]
    return texts(chart), lines, Bbox.from_bounds(0, 0, width, height)


def overlapping(one: Bbox, other: Bbox) -> bool:
    return bool(one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1)


def crosses(line: Bbox, text: Bbox) -> bool:
    return bool(
        line.xmin < text.x1 - 0.5
        and line.xmax > text.x0 + 0.5
        and line.ymin < text.y1
        and line.ymax > text.y0
    )


@pytest.mark.parametrize(
    "name", ["{}", "method-{}", "metaselector-simplified-with-32-clusters-{}", "W" * 38 + "{}"]
)
@pytest.mark.parametrize("methods", [2, 30])
@pytest.mark.parametrize("noise", [0.0, 100.0])
def test_words_keep_clear_of_one_another_and_of_lines(
    methods: int, noise: float, name: str
) -> None:
    found, lines, whole = boxes(critical_difference(noisy(methods, 10, noise, name)))
    assert len(found) > methods
    assert len(lines) > methods
    for place, (said, box) in enumerate(found):
        assert not [other for other, its in found[:place] if overlapping(box, its)], said
        assert not [line for line in lines if crosses(line, box)], said
        assert box.x0 >= whole.x0
        assert box.x1 <= whole.x1


def in_order(*names: str) -> Chart:
    figures = {name: place / 10 for place, name in enumerate(names)}
    found = ranks([section(f"d{place}", figures) for place in range(6)])
    assert found is not None
    return critical_difference(found)


@pytest.mark.parametrize("kind", FORMATS)
def test_names_that_mean_harm_are_drawn_as_text(kind: str) -> None:
    chart = in_order(*HOSTILE.values(), "$x_1$", "", " ")
    found = as_file(chart, kind)  # type: ignore[arg-type]
    assert found
    if kind == "svg":
        text = "".join(ET.fromstring(found).itertext())
        assert "<script>alert(1)</script>" in text
        assert "$x_1$" in text
        assert b"<script" not in found
