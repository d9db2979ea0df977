"""The figure of the study: log loss by support rows, a line a method; the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.regret_figure import INK, SIZE, STEADY, STYLES, Label, write_labels

__all__ = ["draw", "write_figure"]


def write_figure(
    lines: Mapping[str, Sequence[float]], sizes: Sequence[int], unadapted: float, path: Path
) -> None:
    """As SVG. `lines`: log loss of each method at each of `sizes`; `unadapted`: of the best single model."""
    with mpl.rc_context(STEADY | {"svg.hashsalt": "study"}):
        draw(lines, sizes, unadapted).savefig(
            path, dpi=100, metadata={"Date": None, "Creator": None}
        )


def draw(lines: Mapping[str, Sequence[float]], sizes: Sequence[int], unadapted: float) -> Figure:
    figure = Figure(figsize=SIZE)
    axes = figure.add_axes((0.085, 0.115, 0.665, 0.775))
    labels = [Label("best single model", unadapted, "#666666")]
    axes.axhline(unadapted, color="#8A8A8A", linewidth=1.1, zorder=1)
    for number, (name, values) in enumerate(lines.items()):
        colour, marker = STYLES[number % len(STYLES)]
        axes.plot(sizes, values, color=colour, marker=marker, markersize=5, linewidth=1.7, zorder=3)
        labels.append(Label(name, values[-1], colour))
    axes.set_xscale("log")
    axes.set_xlim(sizes[0] / 1.15, sizes[-1] * 1.12)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(
        "last rows of the user's support that are given to the method (log scale)", color=INK
    )
    axes.set_ylabel("log loss of test users' query", color=INK)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, length=3)
    what = "Log loss by how much of a test user is known"
    figure.text(0.085, 0.945, what, fontsize=12, fontweight="bold", color=INK)
    figure.text(0.085, 0.905, "MovieLens-1M, cold; lower is better", fontsize=9.5, color="#666666")
    write_labels(axes, labels)
    return figure
