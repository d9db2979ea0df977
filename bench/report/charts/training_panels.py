"""The panels of training: losses by epoch, on one scale, with the best epochs marked."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.charts.model import Axis, Line, Mark, Panel, Points
from bench.report.content.model import Row, Section, TrainingCurve
from bench.report.words.names import short

__all__ = ["COLUMNS", "MOST_POINTS", "Trained", "best_epoch", "loss_ends", "training_panels"]

COLUMNS = 3
MOST_POINTS = 200  # of a line
_NAME = "training"
_NAME_CELLS = 26  # beside "still improving", in a third of the width
_ABOVE = 3  # times the upper quartile's height over the least loss: what is higher is cut off
_ROOM = 0.08


class Trained(NamedTuple):
    """A method with its curves, one a seed."""

    row: Row
    curves: tuple[TrainingCurve, ...]


def loss_ends(losses: Sequence[float]) -> tuple[float, float]:
    """What is far above the rest is cut off: one that diverged would leave no height for the others."""
    least, most = min(losses), max(losses)
    if len(losses) > 1:
        quartile = statistics.quantiles(losses, n=4)[2]
        if quartile > least:
            most = min(most, least + _ABOVE * (quartile - least))
    room = (most - least or abs(most) or 1.0) * _ROOM
    return least - room, most + room


def training_panels(
    section: Section, shown: Sequence[Trained], low: float, high: float
) -> Iterator[Panel]:
    """One each, whose y axes go from `low` to `high`."""
    improving = {one.method for one in section.unfinished}
    for place, one in enumerate(shown):
        first, last = place % COLUMNS == 0, place >= len(shown) - COLUMNS
        epochs = max(curve.first_epoch + len(curve.losses) - 1 for curve in one.curves)
        start = min(curve.first_epoch for curve in one.curves)
        room = max(epochs - start, 1) * _ROOM
        x = Axis(
            "epoch" if last else "",
            low=start - room,
            high=max(epochs, start + 1) + room,
            format="count",
        )
        y = Axis("log loss" if first else "", low=low, high=high, format="loss")
        name = short(one.row.name, _NAME_CELLS)
        title = f"{name}: still improving" if one.row.name in improving else name
        yield Panel(x, y, tuple(_marks(place, one, high)), title, height=8.0)


def _marks(place: int, one: Trained, high: float) -> Iterator[Mark]:
    """A best epoch above the axis has no point: the note tells of it."""
    for number, curve in enumerate(one.curves):
        epochs = _kept_epochs(curve)
        yield Line(
            f"{_NAME}-{place}-{number}",
            tuple(map(float, epochs)),
            tuple(curve.losses[epoch - curve.first_epoch] for epoch in epochs),
            "series 1",
            "a seed",
            thin=True,
        )
    best = [
        (epoch, loss) for curve in one.curves for epoch, loss in best_epoch(curve) if loss <= high
    ]
    if best:
        yield Points(
            f"{_NAME}-{place}-best",
            tuple(float(epoch) for epoch, _ in best),
            tuple(loss for _, loss in best),
            "reference",
            "its best epoch, which was kept",
        )


def _kept_epochs(curve: TrainingCurve) -> list[int]:
    """All, or evenly spread ones with the first, the last and the best."""
    count = len(curve.losses)
    if count <= MOST_POINTS:
        places = set(range(count))
    else:
        places = {round(step * (count - 1) / (MOST_POINTS - 2)) for step in range(MOST_POINTS - 1)}
    best = {epoch - curve.first_epoch for epoch, _ in best_epoch(curve)}
    return [place + curve.first_epoch for place in sorted(places | best)]


def best_epoch(curve: TrainingCurve) -> Iterator[tuple[int, float]]:
    """It and its loss; nothing where it is not known."""
    if curve.best_epoch is not None:
        yield curve.best_epoch, curve.losses[curve.best_epoch - curve.first_epoch]
