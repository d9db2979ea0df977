"""What a page gets of a drawing: shorter, and the same picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from bench.report.charts.model import Axis, Bars, Chart, Line, Panel, Points, Rule, Spans, Words
from bench.report.draw.files import as_file
from bench.report.draw.inline import inline_svg

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
MARKS = (
    Rule(0.3),
    Points("all-point", (0.1, 0.5), (0.2, 0.9), "better", "a point", ("one", "two")),
    Spans("all-span", (0.1, 0.2), (0.4, 0.6), (0.2, 0.3), "tie"),
    Line("all-line", (0.1, 0.5, 0.7), (0.2, 0.9, 0.1), "series 2", "a line"),
    Bars("all-bar", (0.4, 0.7), (0.5, 0.8), "series 3", width=0.1),
    Words(0.5, 0.5, "some words"),
)
CHART = Chart("all", "All marks", "Every kind.", (Panel(Axis("x"), Axis("y"), MARKS),), None)
IDS = (
    "all-point-0",
    "all-point-1",
    "all-span-0",
    "all-span-1",
    "all-line-0",
    "all-bar-0",
    "all-bar-1",
)


def shapes(root: ET.Element) -> list[tuple[str, ...]]:
    """Kind, clip, place or rounded outline of all that is seen, in the order in which it is painted."""
    found: list[tuple[str, ...]] = []

    def walk(element: ET.Element, clipped: bool) -> None:
        clipped = clipped or "clip-path" in element.attrib
        kind = element.tag.removeprefix(SVG)
        if kind in ("defs", "clipPath", "metadata"):
            return
        if kind == "use":
            found.append((kind, str(clipped), rounded(element.get("x")), rounded(element.get("y"))))
        elif kind == "path" and element.get("style") != "fill: none":
            found.append((kind, str(clipped), rounded(element.get("d"))))
        elif kind == "text":
            found.append((kind, element.text or "", rounded(element.get("x"))))
        for child in element:
            walk(child, clipped)

    walk(root, False)
    return found


def rounded(text: str | None) -> str:
    return " ".join(
        f"{float(part):.1f}" if re.fullmatch(r"-?[\d.]+", part) else part
        for part in (text or "").split()
    )


def test_all_that_is_seen_is_still_there_in_its_order() -> None:
    whole = ET.fromstring(as_file(CHART, "svg", ground="none"))
    short = ET.fromstring(inline_svg(CHART, "s1"))
    assert shapes(short) == shapes(whole)
    assert len(shapes(whole)) > 30


def test_marks_keep_their_ids_and_every_reference_is_kept() -> None:
    root = ET.fromstring(inline_svg(CHART, "s1"))
    ids = [one.get("id") for one in root.iter() if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    assert {f"s1-{ident.removeprefix('all-')}" for ident in IDS} <= set(ids)
    told = " ".join(value for one in root.iter() for value in one.attrib.values())
    pointed = re.findall(r"url\(#([^)]+)\)|(?:^|\s)#(s1-\S+)", told)
    assert pointed
    assert {"".join(pair) for pair in pointed} <= set(ids)


def test_what_is_used_in_another_place_is_never_clipped_by_itself() -> None:
    """A `use` moves all that it has along, the clip too."""
    root = ET.fromstring(inline_svg(CHART, "s1"))
    assert not [use for use in root.iter(f"{SVG}use") if "clip-path" in use.attrib]


def test_it_has_no_styles_and_half_of_the_length() -> None:
    short = inline_svg(CHART, "s1")
    assert "style=" not in short
    assert len(short) < len(as_file(CHART, "svg")) / 2


def test_a_file_stands_on_white_and_a_figure_in_a_page_on_the_page() -> None:
    assert "fill: #ffffff" in as_file(CHART, "svg").decode("utf-8")[:2000]
    first = inline_svg(CHART, "a").partition("<use")[0]  # before the first marker, which is hollow
    assert "var(--paper)" not in first
