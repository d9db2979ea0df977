"""An SVG of matplotlib's, made fit to stand in a page: no style attributes (a strict policy forbids them), the page's own
colours, ids that are no other figure's, coordinates without needless digits."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from bench.report.charts.model import Chart
from bench.report.draw.files import as_file
from bench.report.draw.slim import slim
from bench.report.draw.style import COLOURS

__all__ = ["inline_svg"]

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_BY_VALUE = {value: f"var(--{name})" for name, value in COLOURS.items()}
_DROPPED = frozenset({"metadata", "style"})
_FONT = re.compile(r"(?:(?P<weight>bold|\d00) )?(?P<size>[\d.]+)px .*")
# what is so anyway, or what the page's style sheet says of all figures
_DEFAULTS = {
    "font-family",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "text-rendering",
}
# what most elements would be told: the whole drawing is, once
_COMMON = {"fill": "none", "font-size": "8.5px"}
_OF_TEXT = {"fill": "var(--ink)", "text-anchor": "start"}  # the page's style sheet says so


def inline_svg(chart: Chart, prefix: str) -> str:
    """`<svg role="img">` with the chart's title and words; `prefix` makes ids unlike those of other figures, in place of the
    chart's name."""
    ET.register_namespace("", _SVG[1:-1])
    root = ET.fromstring(as_file(chart, "svg", ground="none"))
    _clean(root)
    slim(root)
    for element in root.iter():
        if (ident := element.get("id")) is not None:
            element.set("id", ident.removeprefix(f"{chart.name}-"))
        _attributes(element, prefix)
        _without_common(element)
    root.attrib |= _COMMON
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-words")
    for place, (kind, ident, text) in enumerate(
        (("title", "title", chart.title), ("desc", "words", chart.alt))
    ):
        told = ET.Element(f"{_SVG}{kind}", {"id": f"{prefix}-{ident}"})
        told.text = text
        root.insert(place, told)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _clean(element: ET.Element) -> None:
    """Without what a page has no use for."""
    for child in list(element):
        if child.tag.removeprefix(_SVG) in _DROPPED or not isinstance(child.tag, str):
            element.remove(child)
        else:
            _clean(child)
    if element.text is not None and not element.text.strip():
        element.text = None
    if element.tail is not None and not element.tail.strip():
        element.tail = None


def _attributes(element: ET.Element, prefix: str) -> None:
    if (style := element.attrib.pop("style", None)) is not None:
        for name, value in _presentation(style).items():
            element.set(name, value)
    for name, value in list(element.attrib.items()):
        element.set(name, _value(name, value, prefix))
    if (link := element.attrib.pop(_LINK, None)) is not None:
        element.set("href", link)


def _without_common(element: ET.Element) -> None:
    told = _COMMON | _OF_TEXT if element.tag == f"{_SVG}text" else _COMMON
    for name, value in told.items():
        if element.get(name) == value:
            del element.attrib[name]


def _value(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == _LINK:
        return f"#{prefix}-{value.removeprefix('#')}"
    value = _REFERENCE.sub(rf"url(#{prefix}-\1)", value)
    return _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)


def _presentation(style: str) -> Mapping[str, str]:
    """A style as attributes: `fill: #fff; font: 8.5px 'DejaVu Sans'`."""
    found: dict[str, str] = {}
    for part in style.split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name == "font" and (font := _FONT.fullmatch(value)):
            found["font-size"] = f"{font['size']}px"
            if font["weight"]:
                found["font-weight"] = font["weight"]
        elif name and name not in _DEFAULTS:
            found[name] = _BY_VALUE.get(value.lower(), value)
    return found
