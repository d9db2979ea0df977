"""Whether predicted probabilities mean what they say: share of positives against mean prediction, bin by bin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.evaluate import Reliability
from bench.report.charts.model import Axis, Chart, Line, Mark, Panel, Points, Spans, nothing_to_draw
from bench.report.content.model import Section
from bench.report.words.blocks import Cell, Grid, GridRow
from bench.report.words.figures import loss, share
from bench.report.words.names import short

__all__ = ["reliability"]

_NAME = "reliability"
_TITLE = "Share of positives against mean predicted probability"
_PANELS = 6
_COLUMNS = 3
_NAME_CELLS = 28  # beside the distance, in a third of the width
_PLACES = 4  # of the distance, as of an ECE in tables
_NORMAL = 1.959964  # the 97.5 % quantile of the standard normal distribution
_ROOM = 0.04


class _Shown(NamedTuple):
    """`independent`: the share of its rows that are not another seed's row once more."""

    name: str
    bins: Reliability
    independent: float

    @property
    def distance(self) -> float:
        """Mean over rows of how far their bin's point lies from the diagonal: of one seed the ECE."""
        bins = zip(self.bins.predicted, self.bins.observed, self.bins.rows, strict=True)
        apart = math.fsum(rows * abs(predicted - observed) for predicted, observed, rows in bins)
        return apart / sum(self.bins.rows)

    @property
    def intervals(self) -> list[tuple[float, float]]:
        return [
            wilson(observed, rows * self.independent)
            for observed, rows in zip(self.bins.observed, self.bins.rows, strict=True)
        ]


def reliability(section: Section) -> Chart:
    """Of the lead, the reference, best-single, and the best others, as far as there is room."""
    shown = _shown(section)
    if not shown:
        return nothing_to_draw(_NAME, _TITLE, _why_none(section))
    low, high = _ends(shown)
    return Chart(
        _NAME,
        _TITLE,
        _alt(shown[0]),
        tuple(_panels(shown, low, high)),
        _numbers(shown),
        note=_note(section),
        columns=_COLUMNS,
        wide=True,
    )


def wilson(observed: float, rows: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927), of so many independent rows, above 0."""
    z = _NORMAL**2 / rows
    middle = (observed + z / 2) / (1 + z)
    half = _NORMAL * math.sqrt((observed * (1 - observed) + z / 4) / rows) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)


def _shown(section: Section) -> list[_Shown]:
    analysis = section.analysis
    if analysis is None:
        return []
    of = {method.name: method.calibration for method in analysis.methods}
    first = (analysis.lead, section.reference, analysis.best_single)
    ranked = [row.name for row in section.rows if row.kind in ("method", "base_model")]
    names = dict.fromkeys(name for name in (*first, *ranked) if name in of)
    found = []
    for name in names:
        bins = of[name].reliability
        if bins is not None and bins.rows:
            found.append(_Shown(name, bins, min(1.0, analysis.rows / sum(bins.rows))))
    return found[:_PANELS]


def _ends(shown: Sequence[_Shown]) -> tuple[float, float]:
    """Both axes': all that is drawn."""
    values = [
        value
        for one in shown
        for values in (one.bins.predicted, one.bins.observed, *one.intervals)
        for value in values
    ]
    room = (max(values) - min(values) or 1.0) * _ROOM
    return min(values) - room, max(values) + room


def _panels(shown: Sequence[_Shown], low: float, high: float) -> Iterator[Panel]:
    for place, one in enumerate(shown):
        first, last = place % _COLUMNS == 0, place >= len(shown) - _COLUMNS
        x = Axis("mean prediction" if last else "", low=low, high=high, format="percent")
        y = Axis("share of positives" if first else "", low=low, high=high, format="percent")
        title = f"{short(one.name, _NAME_CELLS)}: off by {loss(one.distance, _PLACES)}"
        yield Panel(x, y, tuple(_marks(place, one, low, high)), title, height=13.0)


def _marks(place: int, one: _Shown, low: float, high: float) -> Iterator[Mark]:
    yield Line(
        f"{_NAME}-{place}-diagonal", (low, high), (low, high), "reference", dashed=True, thin=True
    )
    intervals = one.intervals
    yield Spans(
        f"{_NAME}-{place}-interval",
        tuple(end for end, _ in intervals),
        tuple(end for _, end in intervals),
        one.bins.predicted,
        "series 1",
        upright=True,
    )
    yield Points(f"{_NAME}-{place}-bin", one.bins.predicted, one.bins.observed, "series 1")


def _alt(one: _Shown) -> str:
    bins = zip(one.bins.predicted, one.bins.observed, strict=True)
    predicted, observed = max(bins, key=lambda of: abs(of[0] - of[1]))
    if predicted == observed:
        return f"Predictions of {short(one.name)} are right in every bin."
    way = "high" if predicted > observed else "low"
    return (
        f"Predictions of {short(one.name)} are off by {loss(one.distance, _PLACES)} on average over bins. They are furthest "
        f"off around {share(predicted)}, where {share(observed)} are positive: too {way}."
    )


def _note(section: Section) -> str:
    """How to read it, and how its figure is to the ECE of tables."""
    several = section.analysis is not None and len(section.analysis.seeds) > 1
    together, shared, ece = (
        (
            ", all seeds together",
            ", in which a row that seeds share counts once",
            "; the ECE of tables is the mean of the seeds' own, which is larger where their errors cancel here",
        )
        if several
        else ("", "", ", the ECE")
    )
    return (
        "Points on the dashed diagonal are right; below it predictions are too high. Each is one of up to 15 bins of equally "
        f"many rows{together}; a line is its 95% interval (Wilson){shared}. Off by: the mean distance of these points from "
        f"the diagonal, by their rows{ece}."
    )


def _numbers(shown: Sequence[_Shown]) -> Grid:
    rows = [
        GridRow(
            short(one.name),
            (
                *(Cell(share(value)) for value in (predicted, observed, low, high)),
                Cell(f"{count:,}"),
            ),
        )
        for one in shown
        for predicted, observed, count, (low, high) in zip(
            one.bins.predicted, one.bins.observed, one.bins.rows, one.intervals, strict=True
        )
    ]
    heads = ("method", "mean\nprediction", "share of\npositives", "from", "to", "rows,\nall seeds")
    return Grid(f"{_TITLE}, 95% intervals", heads, tuple(rows))


def _why_none(section: Section) -> str:
    if section.analysis is None:
        return "There is no analysis of these records, so predictions can't be held against labels."
    if any(method.calibration.ece is not None for method in section.analysis.methods):
        return "The analysis of this run was made by an earlier version, which kept no bins: run the suite again."
    return "No method has predictions with a finite log loss in every seed."
