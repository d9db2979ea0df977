"""Who is told apart over all data sets: mean ranks on an axis, bars over those that are not (Demšar, JMLR 2006, figure 1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.evaluate import LEVEL, RankTest
from bench.report.charts.model import (
    Axis,
    Chart,
    Line,
    Mark,
    Panel,
    Points,
    Spans,
    Words,
    nothing_to_draw,
)
from bench.report.content.model import Ranks
from bench.report.sections.ranks import p_value, told_apart
from bench.report.sections.ranks_grid import ranks_grid
from bench.report.words.blocks import Grid, GridRow, fixed
from bench.report.words.figures import listed
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["critical_difference"]

_NAME = "critical-difference"
_MOST = 30  # methods: more can't be read
_CELLS = 28  # of a name: with two of nothing but W, there is still room for the axis
_LABELS = 15  # most numbers on the axis, about
_MARGIN, _GAP = 0.02, 0.006  # of the axis' length: beyond its ends, and from there to a name
_STEPS = tuple(of * 10**power for power in range(6) for of in (1, 2, 5))  # between its numbers
# Heights, in rows of text; the axis is at 0.
_TOP, _WORDS, _DISTANCE, _TICK = 4.0, 3.2, 2.2, 0.35
_BAR, _ROW = 0.75, 1.4  # from one bar or name to the next


def critical_difference(ranks: Ranks) -> Chart:
    """Of the 30 best where there are more; the table has all."""
    title = f"Mean ranks over data sets, by {named(ranks.metric)}"
    if ranks.test is None:
        reason = "No two methods have a figure of every seed in two data sets or more."
        return nothing_to_draw(_NAME, title, reason)
    return Chart(
        _NAME,
        title,
        _alt(ranks, ranks.test),
        (_panel(ranks, ranks.test),),
        _numbers(ranks, ranks.test),
        note=_note(ranks),
        wide=True,
        legend=False,
    )


def _panel(ranks: Ranks, test: RankTest) -> Panel:
    names, means = ranks.methods[:_MOST], ranks.mean_ranks[:_MOST]
    last = max(2, math.ceil(means[-1])) if len(ranks.methods) > _MOST else len(ranks.methods)
    margin = _MARGIN * (last - 1)
    bars = list(_bars(test, means, last))
    first_row = -_BAR * (len(bars) + 1) - 0.5
    marks = (
        *_scale(last),
        *_distance(test, last),
        *bars,
        *_names(names, means, first_row, (1 - margin, last + margin)),
        Points(f"{_NAME}-rank", means, (0.0,) * len(means), "reference"),
    )
    x = Axis(low=1 - margin, high=last + margin, shown=False)
    bottom = first_row - _ROW * math.ceil(len(names) / 2)
    return Panel(x, Axis(low=bottom, high=_TOP, shown=False), marks, height=_TOP - bottom)


def _scale(last: int) -> Iterator[Mark]:
    """From 1, the best, on the left."""
    step = next(step for step in _STEPS if last <= step * _LABELS)
    ticks = tuple(float(tick) for tick in sorted({1, *range(step, last + 1, step)}))
    ends = (0.0,) * len(ticks), (_TICK,) * len(ticks)
    yield Line(f"{_NAME}-axis", (1.0, float(last)), (0.0, 0.0), "reference")
    yield Spans(f"{_NAME}-tick", *ends, ticks, "reference", upright=True)
    for tick in ticks:
        yield Words(tick, 3 * _TICK, f"{tick:g}", "center")


def _distance(test: RankTest, last: int) -> Iterator[Mark]:
    """The critical difference as a bar, where groups come from it and it is not longer than the axis."""
    size = f"critical difference {fixed(test.critical_difference, 2)}"
    if test.p >= LEVEL:
        yield Words(
            1.0, _WORDS, f"no differences beyond chance (Friedman's test, p {p_value(test.p)})"
        )
    elif test.critical_difference > last - 1:
        yield Words(1.0, _WORDS, f"{size}, longer than this axis")
    else:
        end = 1 + test.critical_difference
        yield Spans(f"{_NAME}-distance", (1.0,), (end,), (_DISTANCE,), "reference")
        low, high = _DISTANCE - _TICK, _DISTANCE + _TICK
        yield Spans(f"{_NAME}-end", (low,) * 2, (high,) * 2, (1.0, end), "reference", upright=True)
        yield Words(1.0, _WORDS, size)


def _bars(test: RankTest, means: Sequence[float], last: int) -> Iterator[Spans]:
    """One below the other; a group that goes on with methods that are not drawn goes to the end of the axis."""
    for number, (first, end) in enumerate(test.groups):
        if first < len(means):
            low, high = means[first], means[end] if end < len(means) else float(last)
            seen = _MARGIN * (last - 1) / 2 if low == high else 0.0  # of ties, which span nothing
            at = -_BAR * (number + 1)
            key = f"{_NAME}-group-{number}"
            yield Spans(key, (low - seen,), (high + seen,), (at,), "reference", thick=True)


def _names(
    names: Sequence[str], means: Sequence[float], first_row: float, ends: tuple[float, float]
) -> Iterator[Mark]:
    """The better half on the left, the rest on the right, those at the ends on top: so no line crosses a name or a line."""
    left, gap = math.ceil(len(names) / 2), _GAP * (ends[1] - ends[0])
    for place, (name, mean) in enumerate(zip(names, means, strict=True)):
        on_left = place < left
        end = ends[0] if on_left else ends[1]
        y = first_row - _ROW * (place if on_left else len(names) - 1 - place)
        yield Line(f"{_NAME}-line-{place}", (mean, mean, end), (0.0, y, y), "tie")
        shown, rank = short(name, _CELLS), fixed(mean, 2)
        if on_left:
            yield Words(end - gap, y, f"{shown} {rank}", "right")
        else:
            yield Words(end + gap, y, f"{rank} {shown}")


def _numbers(ranks: Ranks, test: RankTest) -> Grid:
    """All that is drawn: without ranks by data set."""
    table = ranks_grid(ranks, test)
    rows = tuple(GridRow(row.name, row.cells[:2]) for row in table.rows)
    size = f"critical difference {fixed(test.critical_difference, 2)}"
    return Grid(f"Mean ranks over data sets, {size}", table.heads[:3], rows)


def _alt(ranks: Ranks, test: RankTest) -> str:
    """Who is where, best first, and who is told apart."""
    pairs = zip(ranks.methods, ranks.mean_ranks, strict=True)
    means = listed([f"{short(name, 25)} {fixed(mean, 2)}" for name, mean in pairs])
    where = f"Mean ranks over {len(ranks.datasets)} data sets, 1 is best: {means}"
    return f"{where}. {told_apart(ranks, test)}"


def _note(ranks: Ranks) -> str:
    told = (
        "1 is best. A bar joins methods that are not told apart. Whether two are told apart hangs on who else is ranked; the "
        "intervals of each data set do not."
    )
    shown = f"The {_MOST} best of {len(ranks.methods)} are drawn; the table has all. "
    return f"{shown}{told}" if len(ranks.methods) > _MOST else told
