"""How marks look: colours that colour-blind readers tell apart (Okabe & Ito 2008), each with a shape or dashes of its own, so
that nothing hangs on colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bench.report.charts.model import Role

__all__ = ["COLOURS", "INK", "LOOKS", "PAPER", "RULES", "SETTINGS", "Look"]

# Names of colours, as a page's style sheet knows them (`--ink`), and their values on paper.
COLOURS: Mapping[str, str] = {
    "ink": "#1b1f24",
    "soft": "#6a7280",
    "faint": "#d5d9df",
    "paper": "#ffffff",
    "blue": "#0072b2",
    "red": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "amber": "#e69f00",
    "sky": "#56b4e9",
    "brown": "#8c5a2b",
    "grey": "#7a7f87",
}
INK, RULES, PAPER = COLOURS["ink"], COLOURS["faint"], COLOURS["paper"]


class Look(NamedTuple):
    """`hollow`: a marker that is filled with the paper's colour."""

    colour: str
    marker: str
    hollow: bool = False
    dashes: tuple[float, ...] = ()


LOOKS: Mapping[Role, Look] = {
    "better": Look(COLOURS["blue"], "o"),
    "tie": Look(COLOURS["soft"], "o", hollow=True),
    "worse": Look(COLOURS["red"], "s"),
    "withheld": Look(COLOURS["soft"], "x"),
    "reference": Look(COLOURS["ink"], "D"),
    "bound": Look(COLOURS["grey"], "|"),
    "quiet": Look(COLOURS["faint"], "."),
    "series 1": Look(COLOURS["blue"], "o"),
    "series 2": Look(COLOURS["red"], "s", dashes=(4, 1.5)),
    "series 3": Look(COLOURS["green"], "^", dashes=(1.5, 1.2)),
    "series 4": Look(COLOURS["purple"], "D", dashes=(5, 1.5, 1, 1.5)),
    "series 5": Look(COLOURS["amber"], "v"),
    "series 6": Look(COLOURS["sky"], "P", dashes=(4, 1.5)),
    "series 7": Look(COLOURS["brown"], "X", dashes=(1.5, 1.2)),
    "series 8": Look(COLOURS["grey"], "*", dashes=(5, 1.5, 1, 1.5)),
}

# of matplotlib; a name is text, never its markup, and nobody's own settings decide where anything stands
SETTINGS: dict[Any, Any] = {
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "figure.facecolor": "none",
    "pdf.fonttype": 42,
    "savefig.bbox": None,
    "svg.fonttype": "none",
    "svg.hashsalt": "metaselector-bench",
    "text.parse_math": False,
    "text.usetex": False,
}
