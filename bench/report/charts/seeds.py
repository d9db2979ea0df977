"""How much another training would differ: each method's primary, a dot a seed, and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bench.report.charts.kinds import between_kinds
from bench.report.charts.model import Axis, Chart, Panel, Points, Spans, nothing_to_draw
from bench.report.charts.ties import all_highest
from bench.report.content.model import Section
from bench.report.words.blocks import Cell, Grid, GridRow
from bench.report.words.figures import listed
from bench.report.words.metrics import figure, named
from bench.report.words.names import short

__all__ = ["seeds"]

_NAME = "seeds"
_HALF_BAR = 0.3  # rows


class _Shown(NamedTuple):
    """A row. `values`: one a seed of the run, None where it has none; `mean`: of those that it has."""

    name: str
    kind: str
    values: tuple[float | None, ...]
    mean: float
    sd: float | None

    @property
    def known(self) -> tuple[float, ...]:
        return tuple(value for value in self.values if value is not None)


def seeds(section: Section) -> Chart:
    """Methods and base models in the order of the table; bounds are none's training."""
    title = f"Spread of {named(section.primary)} over seeds"
    shown = _rows(section)
    if not any(len(one.known) > 1 for one in shown):
        return nothing_to_draw(_NAME, title, _why_none(shown))
    return Chart(
        _NAME,
        title,
        _alt(section, shown),
        (_panel(section, shown),),
        _numbers(section, shown),
        note=_note(shown),
    )


def _rows(section: Section) -> list[_Shown]:
    found = []
    for row in section.rows:
        of_primary = row.figures.get(section.primary)
        if row.kind in ("method", "base_model") and of_primary is not None:
            values = of_primary.estimate
            if values.mean is not None:
                found.append(_Shown(row.name, row.kind, values.values, values.mean, values.sd))
    return found


def _panel(section: Section, shown: Sequence[_Shown]) -> Panel:
    better = "higher" if section.higher_is_better else "lower"
    x = Axis(f"{named(section.primary)} ({better} is better)", format="loss")
    y = Axis(scale="names", names=tuple(one.name for one in shown))
    dots = [(value, float(place)) for place, one in enumerate(shown) for value in one.known]
    places = [float(place) for place in range(len(shown))]
    means = Spans(
        f"{_NAME}-mean",
        tuple(place - _HALF_BAR for place in places),
        tuple(place + _HALF_BAR for place in places),
        tuple(one.mean for one in shown),
        "reference",
        upright=True,
    )
    values = Points(
        f"{_NAME}-seed",
        tuple(value for value, _ in dots),
        tuple(place for _, place in dots),
        "series 1",
        "a seed",
    )
    rules = between_kinds([one.kind for one in shown])
    return Panel(x, y, (*rules, means, values), height=1.5 * len(shown) + 1)


def _alt(section: Section, shown: Sequence[_Shown]) -> str:
    """Who spreads most, and whether the seeds of the two best means reach into one another."""
    several = [one for one in shown if len(one.known) > 1]
    ranked = sorted(several, key=lambda one: one.mean, reverse=section.higher_is_better)
    told = [_widest(section, several)]
    if len(ranked) > 1:
        first, second = ranked[:2]
        meet = max(min(first.known), min(second.known)) <= min(max(first.known), max(second.known))
        told.append(
            f"In the order of means come first {short(first.name)}, {_range(section, first)}, and {short(second.name)}, "
            f"{_range(section, second)}: they {'overlap' if meet else 'lie apart'}."
        )
    return " ".join(told)


def _widest(section: Section, several: Sequence[_Shown]) -> str:
    widest = all_highest(several, lambda one: max(one.known) - min(one.known))
    if len(set(widest[0].known)) == 1:
        return "No method's figure differs between its seeds."
    if len(widest) > 1:
        return f"Over seeds, {listed(one.name for one in widest)} spread most, each as far."
    return f"Over seeds, {short(widest[0].name)} spreads most, {_range(section, widest[0])}."


def _range(section: Section, one: _Shown) -> str:
    places = section.places(section.primary)
    low, high = (
        figure(section.primary, value, places) for value in (min(one.known), max(one.known))
    )
    return f"from {low} to {high}"


def _numbers(section: Section, shown: Sequence[_Shown]) -> Grid:
    places = section.places(section.primary)
    heads = ("method", *(f"seed {seed}" for seed in section.seeds), "mean", "sample sd")
    rows = tuple(
        GridRow(
            short(one.name),
            tuple(
                Cell(figure(section.primary, value, places))
                for value in (*one.values, one.mean, one.sd)
            ),
        )
        for one in shown
    )
    title = f"{named(section.primary)} by seed"
    return Grid(title[0].upper() + title[1:], heads, rows)


def _note(shown: Sequence[_Shown]) -> str:
    how = "A dot is one training, a bar the mean of a method's seeds."
    lacking = [one.name for one in shown if len(one.known) < len(one.values)]
    return f"{how} Not every seed of {listed(lacking)} has a result." if lacking else how


def _why_none(shown: Sequence[_Shown]) -> str:
    if not shown:
        return "No method has a result to draw."
    return "No method has results of two seeds, so nothing tells how much another training would differ: give more `seeds`."
