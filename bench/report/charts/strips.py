"""How a difference spreads over users, a strip each: 5 to 95 % thin, 25 to 75 % thick, the median a point; beside it, whom it
helps and harms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.evaluate import USER_LEVELS, UserSpread
from bench.report.charts.ends import Interval, beyond, ends
from bench.report.charts.model import Axis, Panel, Points, Role, Rule, Spans, Words
from bench.report.content.user_shares import UserShares, of_spread
from bench.report.words.blocks import Cell, Grid, GridRow, align
from bench.report.words.figures import signed
from bench.report.words.names import short

__all__ = ["Strip", "reaching_beyond", "strip_grid", "strip_panels"]


class Strip(NamedTuple):
    """`label`: in the legend; `under`: what stands below the name."""

    name: str
    role: Role
    spread: UserSpread
    label: str = ""
    under: str = ""


def strip_panels(strips: Sequence[Strip], key: str = "", title: str = "") -> tuple[Panel, Panel]:
    """Of one strip at least. Strip 2 has the ids `KEYmost-2-0`, `KEYhalf-2-0` and `KEYmedian-2-0`."""
    names, under = (
        tuple(of) for of in zip(*((one.name, one.under) for one in strips), strict=True)
    )
    low, high = _ends(strips)
    x = Axis("difference in log loss (lower is better)", low=low, high=high, format="signed")
    y = Axis(scale="names", names=names, under=under if any(under) else ())
    height = (2.6 if any(under) else 1.5) * len(strips) + 1.5
    left = Panel(x, y, (Rule(0.0), *_marks(key, strips)), title, height)
    sides = Axis("users", scale="names", names=UserShares._fields)
    hidden = Axis(scale="names", names=names, shown=False)
    beside = Panel(sides, hidden, tuple(_shares(strips)), height=height, width=0.8)
    return left, beside


def _marks(key: str, strips: Sequence[Strip]) -> Iterator[Points | Spans]:
    for place, (_, role, spread, label, _) in enumerate(strips):
        least, low, middle, high, most = spread.quantiles
        at = (float(place),)
        yield Spans(f"{key}most-{place}", (least,), (most,), at, role)
        yield Spans(f"{key}half-{place}", (low,), (high,), at, role, thick=True)
        yield Points(f"{key}median-{place}", (middle,), at, role, label, hollow=True)


def _shares(strips: Sequence[Strip]) -> Iterator[Words]:
    for place, one in enumerate(strips):
        for column, value in enumerate(of_spread(one.spread).percents(0)):
            yield Words(float(column), float(place), f"{value:.0f}%", align="center")


def reaching_beyond(strips: Sequence[Strip]) -> list[str]:
    """Names of those that end beyond the axis."""
    return [strips[place].name for place in beyond(_intervals(strips), _ends(strips))]


def _ends(strips: Sequence[Strip]) -> Interval:
    return ends([one.spread.quantiles[2] for one in strips], _intervals(strips))


def _intervals(strips: Sequence[Strip]) -> list[Interval]:
    return [(one.spread.quantiles[0], one.spread.quantiles[-1]) for one in strips]


def strip_grid(title: str, head: str, strips: Sequence[Strip], places: int) -> Grid:
    """All that strips show; `places`: decimals of differences."""
    levels = [
        align([signed(one.spread.quantiles[level], places) for one in strips], places)
        for level in range(len(USER_LEVELS))
    ]
    shares = zip(*(of_spread(one.spread).percents(1) for one in strips), strict=True)
    columns = [
        *levels,
        *(align([f"{value:.1f}%" for value in values], 1) for values in shares),
        align([f"{one.spread.users:,}" for one in strips], 0),
    ]
    rows = (
        GridRow(short(one.name), tuple(map(Cell, cells)))
        for one, *cells in zip(strips, *columns, strict=True)
    )
    heads = (
        head,
        *(f"{level:.0%}" for level in USER_LEVELS),
        *UserShares._fields,
        "users, in each seed",
    )
    return Grid(title, heads, tuple(rows))
