"""By how much, and is it real: each method's difference from the reference, with its interval and verdict (a forest plot)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.evaluate import Verdict
from bench.report.charts.compared import Compared, compared
from bench.report.charts.kinds import between_kinds
from bench.report.charts.model import (
    Axis,
    Chart,
    Panel,
    Points,
    Role,
    Rule,
    Spans,
    nothing_to_draw,
)
from bench.report.charts.ties import all_highest, all_lowest
from bench.report.content.model import Section
from bench.report.sections.quality import against
from bench.report.sections.reference import itself, reference
from bench.report.sections.too_many import too_many_rows
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align
from bench.report.words.figures import joined, listed, signed
from bench.report.words.metrics import named
from bench.report.words.names import short

__all__ = ["differences"]

_NAME = "differences"
_REFERENCE_CELLS = 20  # of its name below the axis
_LABELS: dict[Verdict, str] = {
    "better": "better",
    "tie": "a tie",
    "worse": "worse",
    "withheld": "no verdict",
}

_WORDS: dict[Verdict, str] = {
    "better": "better beyond chance",
    "tie": "not told apart from it",
    "worse": "worse beyond chance",
    "withheld": "without a verdict",
}


def differences(section: Section) -> Chart:
    """Of a section: methods, base models and bounds apart."""
    title = f"Difference in {named(section.primary)}, {against(section)}"
    shown = compared(section)
    if sum(one.verdict is not None for one in shown) == 0:
        return nothing_to_draw(_NAME, title, _why_none(section))
    far = _far_bounds(shown)
    drawn = [one for one in shown if one not in far]
    return Chart(
        _NAME,
        title,
        _alt(section, shown),
        (_panel(section, drawn),),
        _numbers(section, shown),
        note=_note(section, any(one.kind == "bound" for one in drawn), far),
    )


def _far_bounds(shown: Sequence[Compared]) -> list[Compared]:
    """Those that would press all others together: beyond all intervals by more than twice what these span."""
    others = [one for one in shown if one.kind != "bound"]
    ends = [end for one in others for end in (one.difference, one.low, one.high) if end is not None]
    low, high = min(ends), max(ends)
    room = 2 * (high - low)
    return [
        one
        for one in shown
        if one.kind == "bound" and not low - room <= one.difference <= high + room
    ]


def _panel(section: Section, shown: Sequence[Compared]) -> Panel:
    better = "higher" if section.higher_is_better else "lower"
    whom = short(str(section.reference), _REFERENCE_CELLS)
    x = Axis(
        f"difference in {named(section.primary)} from {whom} ({better} is better)", format="signed"
    )
    y = Axis(scale="names", names=tuple(one.name for one in shown))
    apart = between_kinds([one.kind for one in shown])
    return Panel(
        x, y, (Rule(0.0), *apart, *_marks(shown, reference(section))), height=1.5 * len(shown) + 1
    )


def _marks(shown: Sequence[Compared], whom: str) -> Iterator[Points | Spans]:
    places = range(len(shown))
    for verdict, label in _LABELS.items():
        yield from _group(verdict, label, shown, [p for p in places if shown[p].verdict == verdict])
    bounds = [p for p in places if shown[p].kind == "bound"]
    yield from _group("bound", "a bound: reads the labels", shown, bounds)
    none = [p for p in places if shown[p].verdict is None and p not in bounds]
    yield from _group("reference", whom, shown, none)


def _group(
    role: Role, label: str, shown: Sequence[Compared], places: Sequence[int]
) -> Iterator[Points | Spans]:
    if not places:
        return
    spanned = [p for p in places if shown[p].low is not None and shown[p].high is not None]
    if spanned:
        yield Spans(
            f"{_NAME}-interval-{role}",
            tuple(float(shown[p].low or 0) for p in spanned),
            tuple(float(shown[p].high or 0) for p in spanned),
            tuple(map(float, spanned)),
            role,
        )
    yield Points(
        f"{_NAME}-{role}",
        tuple(shown[p].difference for p in places),
        tuple(map(float, places)),
        role,
        label,
    )


def _alt(section: Section, shown: Sequence[Compared]) -> str:
    """Who is how far from the reference, best first."""
    told = [
        f"{_names(shown, verdict)} {'is' if count == 1 else 'are'} {label}"
        for verdict, label in _WORDS.items()
        if (count := sum(one.verdict == verdict for one in shown))
    ]
    return f"Differences from {short(str(section.reference))}: {_best(section, shown)}. {'; '.join(told)}."


def _best(section: Section, shown: Sequence[Compared]) -> str:
    """The best mean may be the reference's own, and several may have it."""
    ranked = [one for one in shown if one.kind != "bound"]
    pick = all_highest if section.higher_is_better else all_lowest
    best = pick(ranked, lambda one: one.difference)
    if best[0].difference == 0:
        return "no mean is better than its own"
    by = signed(best[0].difference, section.places(section.primary))
    many = len(best) > 1
    return f"the best, {listed(one.name for one in best)}, differ{'' if many else 's'} by {by}"


def _names(shown: Sequence[Compared], verdict: Verdict) -> str:
    return listed(one.name for one in shown if one.verdict == verdict)


def _numbers(section: Section, shown: Sequence[Compared]) -> Grid:
    places = section.places(section.primary)
    columns: list[list[str]] = [
        align([signed(one.difference, places) for one in shown], places),
        align([_signed(one.low, places) for one in shown], places),
        align([_signed(one.high, places) for one in shown], places),
        [one.verdict or ("bound" if one.kind == "bound" else itself(section)) for one in shown],
    ]
    rows = (
        GridRow(name, tuple(map(Cell, cells)))
        for name, *cells in zip([short(one.name) for one in shown], *columns, strict=True)
    )
    heads = ("method", "difference", "from", "to", "verdict")
    return Grid(f"Differences in {named(section.primary)}, 95% intervals", heads, tuple(rows))


def _signed(value: float | None, places: int) -> str:
    return ABSENT if value is None else signed(value, places)


def _note(section: Section, bounds: bool, far: Sequence[Compared]) -> str:
    """`bounds`: whether some are drawn; `far`: those that are not."""
    seeds = len(section.analysis.seeds) if section.analysis is not None else 0
    of = "over users" if seeds < 2 else "over users, for the mean of the seeds"
    too_many = too_many_rows(section)
    without = " Bounds have none: they are not tested." if bounds else ""
    places = section.places(section.primary)
    told = [f"{short(one.name)} ({signed(one.difference, places)})" for one in far]
    beyond = f" Beyond the axis: {joined(told, None)}." if told else ""
    return (
        f"Lines are 95% intervals {of}.{without}{beyond} A verdict also asks whether another training would say the same, "
        "and allows for the number of comparisons (Holm), so that an interval beside 0 can still be a tie."
        f"{too_many and f' {too_many}'}"
    )


def _why_none(section: Section) -> str:
    if section.analysis is None:
        return "There is no analysis of these records, so there are no differences to draw."
    if section.reference is None:
        return "There is no best single model to compare with."
    return "No method could be compared with the reference."
