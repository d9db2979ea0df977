"""How training went: validation loss by epoch, a panel for each method that was trained, a line a seed."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.charts.model import Axis, Chart, Line, Mark, Panel, Points, nothing_to_draw
from bench.report.content.model import Row, Section, TrainingCurve
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow
from bench.report.words.figures import counted, listed, loss
from bench.report.words.names import short

__all__ = ["training"]

_NAME = "training"
_TITLE = "Validation log loss by epoch"
_PANELS, _POINTS = 24, 200  # at most
_COLUMNS = 3
_NAME_CELLS = 26  # beside "still improving", in a third of the width
_ABOVE = 3  # times the upper quartile's height over the least loss: what is higher is cut off
_ROOM = 0.05


class _Trained(NamedTuple):
    row: Row
    curves: tuple[TrainingCurve, ...]  # one a seed


def training(section: Section) -> Chart:
    """Of what left a loss an epoch: base models and meta-learners; selectors that are fitted at once have no epochs."""
    trained = _trained(section)
    if not trained:
        return nothing_to_draw(
            _NAME, _TITLE, "Nothing here left a loss for each epoch of its training."
        )
    shown = _best(trained, section.higher_is_better, section.primary)
    low, high = _ends([value for one in shown for curve in one.curves for value in curve.losses])
    return Chart(
        _NAME,
        _TITLE,
        _alt(section, shown),
        tuple(_panels(section, shown, low, high)),
        _numbers(section, shown),
        note=" ".join(_notes(section, shown, len(trained), high)),
        columns=_COLUMNS,
        wide=True,
    )


def _trained(section: Section) -> list[_Trained]:
    """Base models, then methods, each in the order of the table."""
    curves: dict[str, list[TrainingCurve]] = defaultdict(list)
    for curve in section.training:
        curves[curve.method].append(curve)
    return [
        _Trained(row, tuple(curves[row.name]))
        for kind in ("base_model", "method")
        for row in section.rows
        if row.kind == kind and row.name in curves
    ]


def _best(trained: Sequence[_Trained], higher_is_better: bool, primary: str) -> list[_Trained]:
    """As many as there is room for, in the order that they came in."""

    def worse_first(one: _Trained) -> tuple[bool, float]:
        found = one.row.figures.get(primary)
        mean = None if found is None else found.estimate.mean
        return mean is None, 0.0 if mean is None else -mean if higher_is_better else mean

    kept = sorted(trained, key=worse_first)[:_PANELS]
    return [one for one in trained if one in kept]


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """What is far above the rest is cut off: one that diverged would leave no height for the others."""
    least, most = min(losses), max(losses)
    if len(losses) > 1:
        quartile = statistics.quantiles(losses, n=4)[2]
        if quartile > least:
            most = min(most, least + _ABOVE * (quartile - least))
    room = (most - least or abs(most) or 1.0) * _ROOM
    return least - room, most + room


def _panels(
    section: Section, shown: Sequence[_Trained], low: float, high: float
) -> Iterator[Panel]:
    improving = {one.method for one in section.unfinished}
    for place, one in enumerate(shown):
        first, last = place % _COLUMNS == 0, place >= len(shown) - _COLUMNS
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
        yield Panel(x, y, tuple(_marks(place, one)), title, height=8.0)


def _marks(place: int, one: _Trained) -> Iterator[Mark]:
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
    best = [(epoch, loss) for curve in one.curves for epoch, loss in _best_epoch(curve)]
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
    if count <= _POINTS:
        places = set(range(count))
    else:
        places = {round(step * (count - 1) / (_POINTS - 2)) for step in range(_POINTS - 1)}
    best = {epoch - curve.first_epoch for epoch, _ in _best_epoch(curve)}
    return [place + curve.first_epoch for place in sorted(places | best)]


def _best_epoch(curve: TrainingCurve) -> Iterator[tuple[int, float]]:
    if curve.best_epoch is not None:
        yield curve.best_epoch, curve.losses[curve.best_epoch - curve.first_epoch]


def _alt(section: Section, shown: Sequence[_Trained]) -> str:
    improving = {one.method for one in section.unfinished}
    unfinished = [one.row.name for one in shown if one.row.name in improving]
    last = [curve for one in shown for curve in one.curves]
    longest = max(len(curve.losses) - 1 + curve.first_epoch for curve in last)
    told = f"Training of {counted(len(shown), 'method')}, of up to {counted(longest, 'epoch')}: "
    if unfinished:
        return f"{told}{listed(unfinished)} {'was' if len(unfinished) == 1 else 'were'} still improving at the end."
    return f"{told}none was still improving at the end."


def _numbers(section: Section, shown: Sequence[_Trained]) -> Grid:
    """Of each line its ends and its best."""
    places = section.places("logloss")
    heads = (
        "method",
        "seed",
        "epochs",
        "first\nlog loss",
        "best\nepoch",
        "best\nlog loss",
        "last\nlog loss",
    )
    rows = tuple(
        GridRow(short(one.row.name), tuple(map(Cell, _figures(curve, places))))
        for one in shown
        for curve in one.curves
    )
    return Grid(_TITLE, heads, rows)


def _figures(curve: TrainingCurve, places: int) -> tuple[str, ...]:
    epoch, best = next(_best_epoch(curve), (None, None))
    return (
        str(curve.seed),
        str(curve.first_epoch + len(curve.losses) - 1),
        loss(curve.losses[0], places),
        ABSENT if epoch is None else str(epoch),
        loss(best, places),
        loss(curve.losses[-1], places),
    )


def _notes(section: Section, shown: Sequence[_Trained], trained: int, high: float) -> Iterator[str]:
    yield "A line is a seed; epoch 0 is before training. Falling at the right end means that longer training may help."
    curves = [curve for one in shown for curve in one.curves]
    beyond = listed(dict.fromkeys(curve.method for curve in curves if max(curve.losses) > high))
    if beyond:
        yield f"Losses above {loss(high, section.places('logloss'))} are cut off ({beyond})."
    if len(shown) < trained:
        yield f"Shown are the {len(shown)} best of {trained} that were trained."
    if any(len(curve.losses) > _POINTS for curve in curves):
        yield f"Long lines are drawn by {_POINTS} of their epochs."
