"""The figure of a model: test AUC by CPU seconds of training, a line a library; the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.peers.libraries import LIBRARIES
from benchmarks.regret_figure import INK, SIZE, STEADY, STYLES, Label, write_labels

__all__ = ["draw", "write_figure"]

# black for this project; each library has its colour in all figures
COLOURS = dict(zip(LIBRARIES, (*STYLES[5:], *STYLES[:5], STYLES[0]), strict=True))


def write_figure(model: str, lines: Sequence[Mapping[str, Any]], data: str, path: Path) -> None:
    """As SVG. `lines`: those of curves.json that have points."""
    with mpl.rc_context(STEADY | {"svg.hashsalt": "peers"}):
        draw(model, lines, data).savefig(path, dpi=100, metadata={"Date": None, "Creator": None})


def draw(model: str, lines: Sequence[Mapping[str, Any]], data: str) -> Figure:
    figure = Figure(figsize=SIZE)
    axes = figure.add_axes((0.085, 0.115, 0.62, 0.775))
    labels = []
    for line in lines:
        points = line["points"]
        colour, marker = COLOURS[line["library"]]
        axes.plot(
            [point["cpu_s"] for point in points],
            [point["auc"] for point in points],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.7,
            linestyle="--" if line["line"].endswith("Adam") else "-",
        )
        labels.append(Label(line["line"], points[-1]["auc"], colour))
    _axes(axes)
    figure.text(0.085, 0.945, f"{model}: AUC by seconds", fontsize=12, fontweight="bold", color=INK)
    under = f"{data}, one thread; dashed: Adam; higher and further left is better"
    figure.text(0.085, 0.905, under, fontsize=9.5, color="#666666")
    write_labels(axes, labels)
    return figure


def _axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("CPU seconds of training (log scale)", color=INK)
    axes.set_ylabel("AUC of test rows", color=INK)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, length=3)
