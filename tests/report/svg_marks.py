"""What a drawing says: its marks read back from the SVG, their places turned into figures by the ticks of their axes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.charts.model import Chart
from bench.report.draw.files import as_file

__all__ = ["Drawing", "drawing"]

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
Place = tuple[float, float]


class _Panel(NamedTuple):
    """Pixels and what the ticks there say, of each axis."""

    element: ET.Element
    x: dict[float, str]
    y: dict[float, str]


class Drawing:
    """`root`: the SVG."""

    def __init__(self, chart: Chart) -> None:
        self.root = ET.fromstring(as_file(chart, "svg"))
        self.panels = [
            _Panel(group, _ticks(group, "x"), _ticks(group, "y"))
            for group in self.root.iter(f"{_SVG}g")
            if re.fullmatch(r"axes_\d+", group.get("id", ""))
        ]

    @property
    def ids(self) -> set[str]:
        return {one for element in self.root.iter() if (one := element.get("id"))}

    @property
    def texts(self) -> list[str]:
        return [text for one in self.root.iter(f"{_SVG}text") if (text := "".join(one.itertext()))]

    def x(self, key: str) -> float:
        """Of the point with that id, by the numbers on its axis."""
        panel, element = self._find(key)
        ((across, _),) = _places(element)
        return _figure(panel.x, across)

    def ends(self, key: str) -> Place:
        """Of a span or bar along x, the lower end first."""
        panel, element = self._find(key)
        across = [one for one, _ in _places(element)]
        return _figure(panel.x, min(across)), _figure(panel.x, max(across))

    def width(self, key: str) -> float:
        """Of a bar, in pixels: of an axis without ticks."""
        across = [one for one, _ in _places(self._find(key)[1])]
        return max(across) - min(across)

    def name(self, key: str) -> str:
        """What the nearest tick of a y axis says, of the middle of a mark; a panel without one shares its neighbours'."""
        panel, element = self._find(key)
        down = [one for _, one in _places(element)]
        middle = (min(down) + max(down)) / 2
        ticks = panel.y or {tick: text for one in self.panels for tick, text in one.y.items()}
        return ticks[min(ticks, key=lambda tick: abs(tick - middle))]

    def column(self, key: str) -> str:
        """The same of the x axis."""
        panel, element = self._find(key)
        ((across, _),) = _places(element)
        return panel.x[min(panel.x, key=lambda tick: abs(tick - across))]

    def fill(self, key: str) -> str:
        """Of a point."""
        _, element = self._find(key)
        (use,) = element.iter(f"{_SVG}use")
        found = re.search(r"fill: ([^;]+)", use.get("style", ""))
        assert found is not None
        return found[1]

    def _find(self, key: str) -> tuple[_Panel, ET.Element]:
        for panel in self.panels:
            for element in panel.element.iter():
                if element.get("id") == key:
                    return panel, element
        raise KeyError(key)


def drawing(chart: Chart) -> Drawing:
    """`chart` has something to draw."""
    return Drawing(chart)


def _ticks(axes: ET.Element, which: str) -> dict[float, str]:
    """A tick's pixel along its axis -> the text beside it."""
    found: dict[float, str] = {}
    for group in axes.iter(f"{_SVG}g"):
        if not re.fullmatch(rf"{which}tick_\d+", group.get("id", "")):
            continue
        uses, texts = list(group.iter(f"{_SVG}use")), list(group.iter(f"{_SVG}text"))
        if texts:
            at = float(uses[0].get(which, "nan")) if uses else _of_text(group, which)
            found[at] = "\n".join("".join(text.itertext()) for text in texts).strip()
    return found


def _of_text(tick: ET.Element, which: str) -> float:
    """Where a tick has no line, the place of its text, of two lines of their group."""
    for element in tick.iter():
        if moved := re.match(r"translate\((\S+) (\S+)\)", element.get("transform", "")):
            return float(moved[1 if which == "x" else 2])
    return float(next(tick.iter(f"{_SVG}text")).get(which, "nan"))


def _places(element: ET.Element) -> list[Place]:
    """All places of a mark: of its symbols where it has some, else of its path."""
    uses = list(element.iter(f"{_SVG}use"))
    if uses:
        return [(float(one.get("x", "nan")), float(one.get("y", "nan"))) for one in uses]
    return [place for path in _paths(element) for place in _pairs(path)]


def _paths(element: ET.Element) -> Iterator[str]:
    of = [element] if element.tag == f"{_SVG}path" else list(element.iter(f"{_SVG}path"))
    return (path.get("d", "") for path in of)


def _pairs(path: str) -> Sequence[Place]:
    numbers = [float(one) for one in _NUMBER.findall(path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _figure(ticks: dict[float, str], at: float) -> float:
    """Between the first and last tick by their numbers, and beyond them along the same line."""
    known = sorted((pixel, _number(text)) for pixel, text in ticks.items())
    (left, least), (right, most) = known[0], known[-1]
    return least + (at - left) / (right - left) * (most - least)


def _number(text: str) -> float:
    """As an axis has it: `-.02`, `40%`, `1,000`, with the typographic minus."""
    plain = text.replace(",", "").replace("\N{MINUS SIGN}", "-").removesuffix("%")
    return float(plain) / 100 if text.endswith("%") else float(plain)
