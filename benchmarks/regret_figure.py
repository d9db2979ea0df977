"""The figure of selection regret: a line a method, each with its name beside its end; the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.regret import Regret

__all__ = [
    "GREY",
    "INK",
    "SIZE",
    "STEADY",
    "STYLES",
    "Label",
    "draw",
    "write_figure",
    "write_labels",
]

# Okabe, Ito 2008: told apart by colour-blind readers; each has a marker too.
STYLES = (
    ("#56B4E9", "o"),
    ("#E69F00", "s"),
    ("#009E73", "^"),
    ("#0072B2", "D"),
    ("#CC79A7", "v"),
    ("#000000", "P"),
    ("#D55E00", "X"),
)
GREY, INK = "#8A8A8A", "#333333"
SIZE = (9.0, 5.4)  # inches; 900 px wide at 100 dpi
LINE_HEIGHT = 0.041  # of a label, as a share of the axes
ALIKE = 1.06  # flat lines whose regrets differ by less share a label
STEADY: dict[Any, Any] = {
    "svg.hashsalt": "selection-regret",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
}


class Label(NamedTuple):
    text: str
    value: float  # where the line ends
    colour: str


def write_figure(regret: Regret, path: Path) -> None:
    """As SVG, or whatever the name ends with."""
    with mpl.rc_context(STEADY):
        steady: dict[str, Any] = (
            {"metadata": {"Date": None, "Creator": None}} if path.suffix == ".svg" else {}
        )
        draw(regret).savefig(path, dpi=100, **steady)


def draw(regret: Regret) -> Figure:
    """Means over draws and test users; x in support rows, both axes logarithmic (x linear below 1)."""
    means = {name: values.mean(axis=(0, 2)) for name, values in regret.methods.items()}
    flat = {name: float(line[0]) for name, line in means.items() if np.ptp(line) < 1e-9}
    figure = Figure(figsize=SIZE)
    axes = figure.add_axes((0.085, 0.115, 0.665, 0.775))
    labels = _flat_labels(flat)
    for value in flat.values():
        axes.axhline(value, color=GREY, linewidth=1.1, zorder=1)
    moving = [name for name in means if name not in flat]
    for number, name in enumerate(moving):
        colour, marker = STYLES[number % len(STYLES)]
        axes.plot(
            regret.support_rows,
            means[name],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.7,
            zorder=3,
        )
        labels.append(Label(name, float(means[name][-1]), colour))
    _axes(axes, regret.support_rows, np.concatenate(list(means.values())))
    _title(figure)
    write_labels(axes, labels)
    return figure


def _flat_labels(flat: Mapping[str, float]) -> list[Label]:
    """Methods that read no support; those that are nearly alike share one label."""
    runs: list[list[str]] = []
    for name in sorted(flat, key=lambda name: flat[name]):
        if runs and flat[name] <= ALIKE * flat[runs[-1][0]]:
            runs[-1].append(name)
        else:
            runs.append([name])
    return [
        Label(_wrapped(run), float(np.mean([flat[name] for name in run])), "#666666")
        for run in runs
    ]


def _wrapped(names: Sequence[str], width: int = 26) -> str:
    lines = [""]
    for name in names:
        joined = f"{lines[-1]}, {name}" if lines[-1] else name
        if len(joined) > width:
            lines[-1] += ","
            lines.append(name)
        else:
            lines[-1] = joined
    return "\n".join(lines)


def _axes(axes: Axes, support_rows: Sequence[int], values: np.ndarray) -> None:
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    axes.set_xlim(-0.15, max(support_rows) * 1.12)
    axes.set_xticks(support_rows, [str(rows) for rows in support_rows])
    axes.xaxis.set_minor_locator(NullLocator())
    if values.min() > 0:
        axes.set_yscale("log")
        axes.set_ylim(values.min() / 1.3, values.max() * 1.3)
    else:  # a method may do better than the planted expert, e.g. by calibration
        axes.set_yscale("symlog", linthresh=1e-3)
    axes.set_yticks(
        [
            tick
            for tick in (1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
            if _within(tick, values)
        ]
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("rows of the user's support", color=INK)
    axes.set_ylabel("regret, nats a row (log scale)", color=INK)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#B0B0B0")
    axes.tick_params(colors=INK, length=3)


def _within(tick: float, values: np.ndarray) -> bool:
    return bool(values.min() / 1.3 <= tick <= values.max() * 1.3)


def _title(figure: Figure) -> None:
    what = "Regret against each user's best base model, by how much of the user was seen"
    figure.text(0.085, 0.945, what, fontsize=12, fontweight="bold", color=INK)
    figure.text(
        0.085,
        0.905,
        "lower is better; grey: methods that read no support",
        fontsize=9.5,
        color="#666666",
    )


def write_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Right of the axes, in the order of the lines' ends, pushed apart where they would overlap."""
    ordered = sorted(labels, key=lambda label: label.value)
    scale = axes.transData + axes.transAxes.inverted()
    ends = [float(scale.transform((1.0, label.value))[1]) for label in ordered]
    places = _apart(ends, [LINE_HEIGHT * (1 + label.text.count("\n")) for label in ordered])
    for label, end, place in zip(ordered, ends, places, strict=True):
        axes.annotate(
            label.text,
            xy=(1.0, end),
            xytext=(1.035, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            linespacing=1.15,
            fontsize=9.5,
            color=_dark(label.colour),
            arrowprops={
                "arrowstyle": "-",
                "color": label.colour,
                "linewidth": 0.8,
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def _dark(colour: str) -> tuple[float, ...]:
    """Dark enough to be read as text on white."""
    return tuple(0.72 * part for part in to_rgb(colour))


def _apart(ends: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Centres of labels, ascending, as near to `ends` as not overlapping lets them be: runs that touch share their shift."""
    runs: list[list[int]] = []
    for label in range(len(ends)):
        runs.append([label])
        while len(runs) > 1 and _bottom(runs[-1], ends, heights) < _top(runs[-2], ends, heights):
            runs[-2:] = [runs[-2] + runs[-1]]
    places = [0.0] * len(ends)
    for run in runs:
        edge = _bottom(run, ends, heights)
        for label in run:
            places[label] = edge + heights[label] / 2
            edge += heights[label]
    return places


def _bottom(run: Sequence[int], ends: Sequence[float], heights: Sequence[float]) -> float:
    return float(np.mean([ends[label] for label in run])) - sum(heights[label] for label in run) / 2


def _top(run: Sequence[int], ends: Sequence[float], heights: Sequence[float]) -> float:
    return float(np.mean([ends[label] for label in run])) + sum(heights[label] for label in run) / 2
