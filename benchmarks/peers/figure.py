"""The figure of a model: test AUC by CPU seconds of training, a line a library; the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks.peers.libraries import LIBRARIES, OURS
from benchmarks.peers.tables import unit_of
from benchmarks.regret_figure import INK, SIZE, STEADY, STYLES

__all__ = ["draw", "write_figure"]

# black for this project; each library has its colour and its marker in all figures
STYLE_OF = dict(zip(LIBRARIES, (*STYLES[5:], *STYLES[:5], STYLES[0]), strict=True))
OURS_BY_ADAM = (
    "#8A8A8A",
    "o",
)  # lighter: two lines of one library are told apart by shade, dashes and marker
LEFT = 0.1


def write_figure(model: str, lines: Sequence[Mapping[str, Any]], data: str, path: Path) -> None:
    """As SVG. `lines`: those of curves.json that have points."""
    with mpl.rc_context(STEADY | {"svg.hashsalt": "peers"}):
        draw(model, lines, data).savefig(path, dpi=100, metadata={"Date": None, "Creator": None})


def draw(model: str, lines: Sequence[Mapping[str, Any]], data: str) -> Figure:
    figure = Figure(figsize=SIZE)
    axes = figure.add_axes((LEFT, 0.115, 0.58, 0.775))
    # the names in the order of the lines' ends, from the top
    for line in sorted(lines, key=lambda line: -line["points"][-1]["auc"]):
        _draw_line(axes, line)
    _axes(axes)
    axes.legend(
        title="as the lines end, from the top:",
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=9.5,
        title_fontsize=9,
        handlelength=3,
        alignment="left",
    )
    figure.text(LEFT, 0.945, f"{model}: AUC by seconds", fontsize=12, fontweight="bold", color=INK)
    figure.text(LEFT, 0.905, _under(lines, data), fontsize=9.5, color="#666666")
    return figure


def _draw_line(axes: Axes, line: Mapping[str, Any]) -> None:
    by_adam = line["line"].endswith("Adam")
    ours_by_adam = by_adam and line["library"] == OURS
    colour, marker = OURS_BY_ADAM if ours_by_adam else STYLE_OF[line["library"]]
    axes.plot(
        [point["cpu_s"] for point in line["points"]],
        [point["auc"] for point in line["points"]],
        color=colour,
        marker=marker,
        markersize=5,
        linewidth=1.7,
        linestyle="--" if by_adam else "-",
        label=line["line"],
    )


def _under(lines: Sequence[Mapping[str, Any]], data: str) -> str:
    units = " or ".join(dict.fromkeys(unit_of(line) for line in lines))
    return (
        f"{data}, one thread; markers: {units}, as in the table; higher and further left is better"
    )


def _axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("CPU seconds of training (log scale)", color=INK)
    axes.set_ylabel("AUC of test rows", color=INK)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, length=3)
