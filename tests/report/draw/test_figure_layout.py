"""Where panels and texts stand: nothing is cut, nothing lies on another text, and every kind of file shows the same."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.image
import pytest
from matplotlib.figure import Figure

from bench.report.charts.best_models import best_models
from bench.report.charts.by_group import by_group
from bench.report.charts.model import Axis, Bars, Chart, Line, Mark, Panel, Points, Rule, Words
from bench.report.charts.user_differences import user_differences
from bench.report.charts.users_by_group import users_by_group
from bench.report.content.model import Section
from bench.report.draw.files import as_file
from bench.report.draw.inline import inline_svg
from tests.report.chart_sections import a_section
from tests.report.drawn_texts import outside, overlapping, texts
from tests.report.svg_marks import drawing

SVG = "{http://www.w3.org/2000/svg}"
POINTS = Points("some-point", (0.0, 1.0), (0.0, 1.0), "better", "a point")


def a_chart(*panels: Panel, columns: int = 1, wide: bool = False) -> Chart:
    return Chart("some", "Some", "Some.", panels, None, columns=columns, wide=wide)


def frames(chart: Chart) -> list[tuple[float, float, float, float]]:
    """Left, right, upper and lower end of each panel, by its axes' lines: the last two paths that are no mark."""
    found = []
    for panel in drawing(chart).panels:
        lines = [
            list(map(float, re.findall(r"-?[\d.]+", path.get("d", ""))))
            for path in panel.element.findall(f"{SVG}path")
            if path.get("style", "").endswith("stroke-width: 0.6")
        ]
        (left, bottom, right, _), (_, _, _, top) = lines
        found.append((left, right, top, bottom))
    return found


LONG = "a name that goes on and on and on"
NAMES = tuple(f"{place} {LONG}" for place in range(4))
WIDE = tuple("W" * 26 + str(place) for place in range(4))
RIVALS = (POINTS, Points("other-point", (1.0,), (0.0,), "worse", LONG + " " + LONG))


@pytest.mark.parametrize("names", [NAMES, WIDE], ids=["long", "wide"])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_long_names_titles_and_labels_keep_apart_and_inside(
    names: tuple[str, ...], columns: int
) -> None:
    panel = Panel(
        Axis(f"on x {LONG} {LONG}", low=0.0, high=1e6),
        Axis(f"on y {LONG}", "names", names=names),
        RIVALS,
        title=f"{LONG} {LONG}",
    )
    chart = a_chart(*[panel] * 4, columns=columns, wide=columns > 1)
    assert len(texts(chart)) > 30
    assert overlapping(texts(chart)) == []
    assert outside(chart) == []


def test_texts_hang_on_the_end_that_counts_whatever_font_a_reader_has() -> None:
    """Names end at their axis, labels stand in the middle: another font makes them longer or shorter at the other end."""
    names = ("to the right", "to the left", "above")
    points = Points(
        "some-point",
        (0.3, 0.5, 0.7),
        (0.2, 0.5, 0.8),
        "better",
        "",
        names,
        ("right", "left", "above"),
    )
    chart = a_chart(Panel(Axis("x"), Axis("y", "names", names=NAMES), (points,), "a title"))
    root = ET.fromstring(as_file(chart, "svg"))
    found = {}
    for (text, box), element in zip(texts(chart), root.iter(f"{SVG}text"), strict=True):
        assert element.text == text
        anchor = re.search(r"text-anchor: (\w+)", element.get("style", ""))
        assert anchor is not None
        found[text] = anchor[1]
        if text != "y":
            at = {"start": box.x0, "middle": (box.x0 + box.x1) / 2, "end": box.x1}[anchor[1]]
            assert float(element.get("x", "")) == pytest.approx(at, abs=0.01)
    assert [found[one] for one in found if "a name" in one] == ["end"] * len(NAMES)
    assert [found[one] for one in ("x", "y", "above")] == ["middle"] * 3
    assert (found["to the right"], found["to the left"]) == ("start", "end")


@pytest.mark.parametrize("count", [2, 9])
def test_names_below_an_axis_keep_apart(count: int) -> None:
    names = tuple(f"{place} {LONG}" for place in range(count))
    chart = a_chart(Panel(Axis(scale="names", names=names), Axis("y"), (POINTS,)), wide=True)
    assert overlapping(texts(chart)) == []
    assert outside(chart) == []


@pytest.mark.parametrize(
    "mark",
    [
        Bars("some-bar", (1.0, 0.5), (0.2, 0.8), "better", names=("1,000,000 rows", "few")),
        Points("named-point", (0.0, 1.0), (0.0, 1.0), "better", names=("left one", "right one")),
        Points("left-point", (0.0,), (1.0,), "tie", names=("to the left",), sides=("left",)),
        Points("late-point", (0.8,), (0.5,), "tie", names=("a name that is longer than its room",)),
        Words(1.0, 1.0, "words that begin at the end"),
        Words(0.7, 0.5, "words that are longer than what is beside them"),
        Words(0.0, 0.0, "words that end at the start", "right", strong=True),
        Rule(1.0, "a rule at the right"),
    ],
    ids=lambda mark: getattr(mark, "key", type(mark).__name__),
)
def test_what_is_written_beyond_a_frame_is_not_cut(mark: Mark) -> None:
    ends: dict[str, Any] = {"low": 0.0, "high": 1.0}
    chart = a_chart(Panel(Axis("x", **ends), Axis("y", **ends), (mark,)))
    assert outside(chart) == []


@pytest.mark.parametrize("high", [0.3, 3e4, 3e7])
def test_figures_of_a_narrow_panel_keep_apart_and_at_least_two_are_there(high: float) -> None:
    panel = Panel(Axis("x", low=0.0, high=high), Axis("y"), (POINTS,))
    chart = a_chart(*[panel] * 6, columns=6, wide=True)
    assert overlapping(texts(chart)) == []
    assert all(len(one.x) >= 2 for one in drawing(chart).panels)


def test_panels_stand_in_rows_and_columns() -> None:
    panels = [
        Panel(Axis("x"), Axis(scale="names", names=(name, "b")), (POINTS,), title, height, width)
        for name, title, height, width in (
            ("short", "", 5.0, 2.0), ("a longer one", "a title", 8.0, 1.0),
            ("the longest name of all", "", 4.0, 2.0), ("c", "", 4.0, 1.0),
        )
    ]  # fmt: skip
    (a, b, c, d) = frames(a_chart(*panels, columns=2, wide=True))
    assert (a[:2], b[:2]) == (c[:2], d[:2])
    assert (a[2:], c[2:]) == (b[2:], d[2:])
    assert a[1] - a[0] == pytest.approx(2 * (b[1] - b[0]), rel=1e-4)
    assert a[3] - a[2] == pytest.approx(2 * (c[3] - c[2]), rel=1e-4)
    assert b[0] > a[1]
    assert c[2] > a[3]


def test_a_point_on_the_edge_is_whole_and_one_beyond_is_cut_off() -> None:
    axis = Axis(low=0.0, high=1.0)
    points = Points("some-point", (1.0, 1.1), (0.5, 0.5), "better")
    root = ET.fromstring(as_file(a_chart(Panel(axis, axis, (points,))), "svg"))
    clipped = {
        group.get("id"): any("clip-path" in one.attrib for one in group.iter())
        for group in root.iter(f"{SVG}g")
    }
    assert not clipped["some-point-0"]
    assert clipped["some-point-1"]


def test_what_is_not_above_0_has_no_place_on_a_logarithmic_axis() -> None:
    points = Points("some-point", (0.0, 1.0, 10.0), (0.0, 0.5, 1.0), "better")
    line = Line("some-line", (0.0, 10.0), (0.0, 1.0), "better")
    drawn = drawing(a_chart(Panel(Axis(scale="log"), Axis(), (points, line))))
    (panel,) = drawn.panels
    (lost,) = (one for one in panel.element.iter() if one.get("id") == "some-point-0")
    assert not list(lost.iter(f"{SVG}use"))
    assert drawn.x("some-point-1") < drawn.x("some-point-2")


def test_files_of_each_kind_have_one_layout() -> None:
    chart = a_chart(Panel(Axis("x"), Axis("y"), RIVALS, "a title"))
    _, _, width, height = map(
        float, ET.fromstring(as_file(chart, "svg")).get("viewBox", "").split()
    )
    box = re.search(rb"/MediaBox \[ ?0 0 (\S+) (\S+) ?\]", as_file(chart, "pdf"))
    assert box is not None
    assert (float(box[1]), float(box[2])) == pytest.approx((width, height), abs=0.01)
    image = matplotlib.image.imread(io.BytesIO(as_file(chart, "png")))
    assert image.shape[:2] == (int(height / 72 * 200), int(width / 72 * 200))


def test_a_png_has_its_marks_where_the_svg_has_them() -> None:
    axis = Axis(low=0.0, high=1.0)
    chart = a_chart(Panel(axis, axis, (Bars("some-bar", (0.75,), (0.5,), "better", width=0.2),)))
    ((left, right, top, bottom),) = frames(chart)
    image = matplotlib.image.imread(io.BytesIO(as_file(chart, "png")))

    def colour(x: float, y: float) -> list[int]:
        across, down = left + x * (right - left), bottom + y * (top - bottom)
        pixel = image[round(down / 72 * 200), round(across / 72 * 200), :3]
        return [round(255 * float(part)) for part in pixel]

    blue, paper = [0, 0x72, 0xB2], [255, 255, 255]
    assert colour(0.73, 0.5) == colour(0.02, 0.58) == blue
    assert colour(0.77, 0.55) == colour(0.7, 0.65) == paper


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_it_is_the_same_each_time_whatever_somebody_has_set(kind: Any) -> None:
    chart = a_chart(Panel(Axis("x"), Axis("y"), RIVALS))
    first = as_file(chart, kind)
    with matplotlib.rc_context(
        {"savefig.bbox": "tight", "figure.autolayout": True, "font.size": 20}
    ):
        assert as_file(chart, kind) == first


def test_a_figure_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asks for the places of what is drawn before it is drawn doubles the time of a page."""
    drawn = []
    draw = Figure.draw

    def noted(self: Figure, renderer: Any) -> None:
        drawn.append(self)
        draw(self, renderer)

    monkeypatch.setattr(Figure, "draw", noted)
    inline_svg(a_chart(Panel(Axis("x"), Axis("y"), RIVALS, "a title")), "s1-some")
    (figure,) = drawn
    assert figure.axes == []


@pytest.mark.parametrize("draw", [user_differences, best_models, by_group, users_by_group])
def test_charts_of_users_keep_their_texts_apart(draw: Callable[[Section], Chart]) -> None:
    chart = draw(a_section())
    assert len(texts(chart)) > 10
    assert overlapping(texts(chart)) == []
    assert outside(chart) == []


def test_a_page_is_told_once_what_most_elements_share() -> None:
    root = ET.fromstring(inline_svg(a_chart(Panel(Axis("x"), Axis("y"), RIVALS)), "s1-some"))
    assert root.get("fill") == "none"
    below = [one for one in root.iter() if one is not root]
    assert not [one for one in below if one.get("fill") == "none"]
    assert not [one for one in below if "id" in one.attrib and "some-some" in one.attrib["id"]]
    uses = [one for one in below if one.tag == f"{SVG}use"]
    assert uses
    assert not [one for one in uses if set(one.keys()) & {"fill", "stroke", "stroke-width"}]
