"""What a chart shows, as plain data: panels of marks on two axes, with the numbers behind them and what it says in words.

Figures are unrounded. Names are raw: who draws them makes them safe to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bench.report.words.blocks import Grid

__all__ = [
    "Axis",
    "Bars",
    "Chart",
    "Line",
    "Mark",
    "Panel",
    "Points",
    "Role",
    "Rule",
    "Scale",
    "Side",
    "Spans",
    "Words",
    "nothing_to_draw",
]

# What a mark stands for: who draws gives each a colour and a shape of its own. "series N" are those that are told apart by a
# legend alone.
Role = Literal[
    "better", "worse", "tie", "withheld", "reference", "bound", "quiet",
    "series 1", "series 2", "series 3", "series 4", "series 5", "series 6", "series 7", "series 8",
]  # fmt: skip
Scale = Literal["linear", "log", "names"]
Format = Literal["loss", "signed", "percent", "plain", "count"]


@dataclass(frozen=True)
class Axis:
    """`names`: of a scale of names, one a position 0, 1, ...; on a y axis the first is on top; `under`: below each.
    `low`, `high`: its ends, where marks alone should not decide. `shown`: without line, ticks and label where not."""

    label: str = ""
    scale: Scale = "linear"
    names: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    format: Format = "plain"
    shown: bool = True
    under: tuple[str, ...] = ()


Side = Literal[
    "right", "left", "above", "below", "above right", "above left", "below right", "below left"
]  # fmt: skip


@dataclass(frozen=True)
class Points:
    """`key`: unlike others of the chart; in a drawing, point 2 has the id KEY-2. `names`: written beside them, "" of none, at
    `sides` (to the right, unless given); `label`: in the legend; `hollow`: not filled, whatever the role."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: Role
    label: str = ""
    names: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    hollow: bool = False


@dataclass(frozen=True)
class Spans:
    """Intervals from `low` to `high`, at a place of the other axis; along x unless `upright`. Infinite ends go to the edge."""

    key: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    at: tuple[float, ...]
    role: Role
    upright: bool = False
    thick: bool = False


@dataclass(frozen=True)
class Line:
    """Points joined in their order."""

    key: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: Role
    label: str = ""
    steps: bool = False
    dashed: bool = False
    thin: bool = False


@dataclass(frozen=True)
class Bars:
    """From `start` (0 each, unless given) to `end` along x, at places of the y axis, which has names; `names`: written in or
    behind them. Upright ones rise along y."""

    key: str
    end: tuple[float, ...]
    at: tuple[float, ...]
    role: Role
    start: tuple[float, ...] = ()
    label: str = ""
    names: tuple[str, ...] = ()
    upright: bool = False
    width: float = 0.7


@dataclass(frozen=True)
class Rule:
    """A line across the panel, at a value of x unless `level`."""

    at: float
    label: str = ""
    level: bool = False


@dataclass(frozen=True)
class Words:
    """A short text at a point."""

    x: float
    y: float
    text: str
    align: Literal["left", "center", "right"] = "left"
    strong: bool = False


Mark = Points | Spans | Line | Bars | Rule | Words


@dataclass(frozen=True)
class Panel:
    """`height`: in rows of text, of all that the axes hold; `width`: its share of the chart's, beside other panels."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    title: str = ""
    height: float = 12.0
    width: float = 1.0


@dataclass(frozen=True)
class Chart:
    """`name`: of its file and its place on a page, unlike others of its section; `alt`: what is to be seen, in sentences, with
    its main figures; `note`: how to read it; `numbers`: all that it draws, as a table.

    `nothing`: why there is nothing to draw, "" where there is; then `panels` are empty. Panels stand beside one another, in
    rows of `columns`. `wide`: needs the width of two."""

    name: str
    title: str
    alt: str
    panels: tuple[Panel, ...]
    numbers: Grid | None
    note: str = ""
    nothing: str = ""
    columns: int = 1
    wide: bool = False
    legend: bool = field(default=True)


def nothing_to_draw(name: str, title: str, reason: str) -> Chart:
    """A chart that says why it is none. `reason`: a sentence."""
    return Chart(name, title, reason, (), None, nothing=reason)
