"""How training went: validation loss by epoch, a panel for each method that was trained, a line a seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.report.charts.model import Chart, nothing_to_draw
from bench.report.charts.training_panels import (
    COLUMNS,
    MOST_POINTS,
    Trained,
    best_epoch,
    loss_ends,
    training_panels,
)
from bench.report.content.model import Section, TrainingCurve
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow
from bench.report.words.figures import counted, listed, loss
from bench.report.words.names import short

__all__ = ["training"]

_NAME = "training"
_TITLE = "Validation log loss by epoch"
_PANELS = 24  # at most


def training(section: Section) -> Chart:
    """Of what left a loss for each epoch: base models and meta-learners. Selectors that are trained alone leave none."""
    trained = _trained(section)
    if not trained:
        return nothing_to_draw(
            _NAME, _TITLE, "Nothing here left a loss for each epoch of its training."
        )
    shown = _best(trained, section.higher_is_better, section.primary)
    low, high = loss_ends(
        [value for one in shown for curve in one.curves for value in curve.losses]
    )
    return Chart(
        _NAME,
        _TITLE,
        _alt(section, shown),
        tuple(training_panels(section, shown, low, high)),
        _numbers(section, shown),
        note=" ".join(_notes(section, shown, len(trained), high)),
        columns=COLUMNS,
        wide=True,
    )


def _trained(section: Section) -> list[Trained]:
    """Base models, then methods, each in the order of the table."""
    curves: dict[str, list[TrainingCurve]] = defaultdict(list)
    for curve in section.training:
        curves[curve.method].append(curve)
    return [
        Trained(row, tuple(curves[row.name]))
        for kind in ("base_model", "method")
        for row in section.rows
        if row.kind == kind and row.name in curves
    ]


def _best(trained: Sequence[Trained], higher_is_better: bool, primary: str) -> list[Trained]:
    """As many as there is room for, in the order that they came in."""

    def rank(one: Trained) -> tuple[bool, float]:
        found = one.row.figures.get(primary)
        mean = None if found is None else found.estimate.mean
        return mean is None, 0.0 if mean is None else -mean if higher_is_better else mean

    kept = sorted(trained, key=rank)[:_PANELS]
    return [one for one in trained if one in kept]


def _alt(section: Section, shown: Sequence[Trained]) -> str:
    improving = dict.fromkeys(one.method for one in section.unfinished)
    drawn = [one.row.name for one in shown if one.row.name in improving]
    others = [name for name in improving if name not in drawn]
    last = [curve for one in shown for curve in one.curves]
    longest = max(len(curve.losses) - 1 + curve.first_epoch for curve in last)
    told = f"Training of {counted(len(shown), 'method')}, of up to {counted(longest, 'epoch')}: "
    ended = f"{_were(drawn)} still improving when the limit on epochs ended it"
    if others:
        return f"{told}{ended}; of those not drawn here, {_were(others)}."
    return f"{told}{ended}."


def _were(names: Sequence[str]) -> str:
    return f"{listed(names) or 'none'} {'were' if len(names) > 1 else 'was'}"


def _numbers(section: Section, shown: Sequence[Trained]) -> Grid:
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
    epoch, best = next(best_epoch(curve), (None, None))
    return (
        str(curve.seed),
        str(curve.first_epoch + len(curve.losses) - 1),
        loss(curve.losses[0], places),
        ABSENT if epoch is None else str(epoch),
        loss(best, places),
        loss(curve.losses[-1], places),
    )


def _notes(section: Section, shown: Sequence[Trained], trained: int, high: float) -> Iterator[str]:
    yield "A line is a seed; epoch 0 is before training. Falling at the right end means that longer training may help."
    curves = [curve for one in shown for curve in one.curves]
    beyond = listed(dict.fromkeys(curve.method for curve in curves if max(curve.losses) > high))
    if beyond:
        yield f"Losses above {loss(high, section.places('logloss'))} are cut off ({beyond})."
    unseen = [curve.method for curve in curves for _, best in best_epoch(curve) if best > high]
    if unseen:
        yield f"So high is even the best epoch of {listed(dict.fromkeys(unseen))}, which has no point."
    if len(shown) < trained:
        yield f"Shown are the {len(shown)} best of {trained} that were trained."
    if any(len(curve.losses) > MOST_POINTS for curve in curves):
        yield f"Long lines are drawn by {MOST_POINTS} of their epochs."
