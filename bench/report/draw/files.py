"""A chart as a file: SVG, PDF or PNG, the same bytes for the same chart."""

from __future__ import annotations

import io
from typing import Literal

from bench.report.charts.model import Chart
from bench.report.draw.figure import drawn
from bench.report.draw.style import PAPER

__all__ = ["FORMATS", "as_file"]

Kind = Literal["svg", "pdf", "png"]
FORMATS: tuple[Kind, ...] = ("svg", "pdf", "png")
_DPI = 200  # of PNG
_UNDATED = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def as_file(chart: Chart, kind: Kind, ground: str = PAPER) -> bytes:
    """`chart` has something to draw. It stands on white, wherever it is shown, unless the `ground` is "none"."""
    out = io.BytesIO()
    with drawn(chart) as figure:
        figure.savefig(out, format=kind, dpi=_DPI, facecolor=ground, metadata=_UNDATED[kind])
    return out.getvalue()
