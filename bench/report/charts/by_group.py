"""For whom: how the best methods differ from the best single model in groups of users and of items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bench.evaluate import Segment
from bench.report.charts.ends import Interval, beyond, ends
from bench.report.charts.group_differences import (
    BY,
    GroupDifference,
    compared_methods,
    group_differences,
)
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
from bench.report.sections.too_many import HOLM_BY_GROUP, too_many_by_group
from bench.report.words.blocks import ABSENT, Cell, Grid, GridRow, align
from bench.report.words.figures import counted, listed, signed
from bench.report.words.names import short

__all__ = ["by_group"]

_NAME = "by-group"
_TITLE = "Difference in log loss from the best single model, group by group"
_WORDS = {
    "better": "better beyond chance",
    "worse": "worse beyond chance",
    "tie": "a tie",
    "withheld": "without a verdict",
}


def by_group(section: Section) -> Chart:
    """Of a section; the lead and those next to it. In log loss, whatever the primary."""
    groups = section.analysis.segments if section.analysis is not None else ()
    methods = compared_methods(section) if groups else []
    found = {by: list(group_differences(by, groups, methods)) for by in BY}
    every = [one for of in found.values() for one in of]
    if not every:
        return nothing_to_draw(_NAME, _TITLE, _why_none(section))
    axis = ends([one.difference for one in every], [one.interval for one in every])
    panels = tuple(_panel(by, groups, found[by], methods, axis) for by in BY if found[by])
    return Chart(
        _NAME,
        _TITLE,
        _alt(every, methods),
        panels,
        _numbers(found, methods, section.places("logloss")),
        note=_note(section, every, axis),
        columns=len(panels),
        wide=True,
    )


def _panel(
    by: str,
    groups: Sequence[Segment],
    found: Sequence[GroupDifference],
    methods: Sequence[str],
    axis: Interval,
) -> Panel:
    names = [_names(group) for group in groups if group.by == by]
    x = Axis("difference (lower is better)", low=axis[0], high=axis[1], format="signed")
    y = Axis(
        scale="names",
        names=tuple(name for name, _ in names),
        under=tuple(under for _, under in names),
    )
    marks = [mark for method in range(len(methods)) for mark in _marks(by, method, found, methods)]
    height = max(2.8, 0.9 * len(methods) + 0.8) * len(names) + 1
    return Panel(x, y, (Rule(0.0), *marks), BY[by], height)


def _names(group: Segment) -> tuple[str, str]:
    """`middle, 48 to 106 rows` in two lines, with how many users there are."""
    name, _, rest = group.name.partition(", ")
    users = counted(group.users, "user")
    return name, f"{rest}; {users}" if rest else users


def _marks(
    by: str, method: int, found: Sequence[GroupDifference], methods: Sequence[str]
) -> Iterator[Points | Spans]:
    """Points 0, 1, ... of `BY-METHOD-told` have a verdict beyond chance, in the order of groups, those of
    `BY-METHOD-open` none."""
    role = _role(method)
    mine = [one for one in found if one.method == method]
    if mine:
        low, high = zip(*(one.interval for one in mine), strict=True)
        key = f"{by}-{method}"
        yield Spans(f"{key}-interval", low, high, tuple(one.at for one in mine), role)
    for kind, told in (("told", True), ("open", False)):
        of = [one for one in mine if (one.pair.verdict in ("better", "worse")) == told]
        if of:
            yield Points(
                f"{key}-{kind}",
                tuple(one.difference for one in of),
                tuple(one.at for one in of),
                role,
                methods[method],
                hollow=not told,
            )


def _role(method: int) -> Role:
    roles: tuple[Role, ...] = ("series 1", "series 2", "series 3")
    return roles[method]


def _alt(every: Sequence[GroupDifference], methods: Sequence[str]) -> str:
    """What becomes of the first method, and where it gains most and least."""
    mine = [one for one in every if one.method == every[0].method]
    verdicts = Counter(one.pair.verdict for one in mine)
    told = [f"{_WORDS[verdict]} in {count}" for verdict, count in verdicts.most_common()]
    name = short(methods[mine[0].method])
    return f"Of {counted(len(mine), 'group')}, {name} is {', '.join(told)}. {_ends(mine)}"


def _ends(mine: Sequence[GroupDifference]) -> str:
    lowest, highest = (pick(mine, lambda one: one.difference) for pick in (all_lowest, all_highest))
    if len(lowest) == len(mine):
        return f"Its difference is {signed(lowest[0].difference, 4)}{' in each' * (len(mine) > 1)}."
    return f"Its difference is lowest in {_said(lowest)} and highest in {_said(highest)}."


def _said(ones: Sequence[GroupDifference]) -> str:
    names = listed(f'"{short(one.group.name)}"' for one in ones)
    return f"{names} ({signed(ones[0].difference, 4)})"


def _numbers(
    found: Mapping[str, Sequence[GroupDifference]], methods: Sequence[str], places: int
) -> Grid:
    every = [one for of in found.values() for one in of]
    columns: list[list[str]] = [
        [short(methods[one.method]) for one in every],
        align([f"{one.group.users:,}" for one in every], 0),
        align([f"{one.group.rows:,}" for one in every], 0),
        align([signed(one.difference, places) for one in every], places),
        align([_signed(one.pair.low, places) for one in every], places),
        align([_signed(one.pair.high, places) for one in every], places),
        [*(one.pair.verdict for one in every)],
    ]
    rows = tuple(
        GridRow(
            short(one.group.name),
            tuple(map(Cell, cells)),
            rule=place > 0 and one.group.by != every[place - 1].group.by,
        )
        for place, (one, *cells) in enumerate(zip(every, *columns, strict=True))
    )
    heads = ("group", "method", "users", "rows", "difference", "from", "to", "verdict")
    return Grid("Differences in log loss by group, 95% intervals", heads, rows)


def _signed(value: float | None, places: int) -> str:
    return ABSENT if value is None else signed(value, places)


def _note(section: Section, every: Sequence[GroupDifference], axis: Interval) -> str:
    cut = len(beyond([one.interval for one in every], axis))
    far = f" {counted(cut, 'interval')} reach{'es' * (cut == 1)} beyond the axis." if cut else ""
    too_many = too_many_by_group(section)
    return (
        "Filled: better or worse beyond chance; hollow: a tie, or no verdict. Lines are 95% intervals over users. The groups "
        f"were not chosen beforehand: take a difference as a question for the next run. "
        f"{HOLM_BY_GROUP}{far}{too_many and f' {too_many}'}"
    )


def _why_none(section: Section) -> str:
    if section.analysis is None:
        return "There is no analysis of these records, so there are no groups to compare."
    if section.analysis.best_single is None:
        return "There is no best single model to compare with."
    return "No method could be compared with the best single model in any group."
