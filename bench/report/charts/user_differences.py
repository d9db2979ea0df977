"""Whom a method helps and whom it harms: how its difference from the best single model spreads over test users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.report.charts.model import Chart, nothing_to_draw
from bench.report.charts.strips import Strip, reaching_beyond, strip_grid, strip_panels
from bench.report.charts.ties import all_lowest
from bench.report.content.model import Section
from bench.report.content.user_shares import of_spread
from bench.report.words.figures import counted, listed, signed
from bench.report.words.names import short

__all__ = ["OLDER", "user_differences", "why_no_users"]

_NAME = "user-differences"
_TITLE = "Difference in log loss from the best single model, user by user"
_MOST = 20  # strips
OLDER = (
    "The analysis of this run is of an older version and has no such figures. Run the suite again: what is recorded is not "
    "computed again."
)


def user_differences(section: Section) -> Chart:
    """Of a section, in the order of its table; in log loss, whatever the primary."""
    every = list(_strips(section))
    if not every:
        return nothing_to_draw(_NAME, _TITLE, why_no_users(section))
    shown = every[:_MOST]
    title = "Differences in log loss from the best single model: quantiles over test users"
    return Chart(
        _NAME,
        _TITLE,
        _alt(section, shown),
        strip_panels(shown),
        strip_grid(title, "method", shown, section.places("logloss")),
        note=_note(section, shown, len(every)),
        columns=2,
    )


def _strips(section: Section) -> Iterator[Strip]:
    for row in section.rows:
        found = section.analysed(row) if row.kind in ("method", "base_model") else None
        if found is None or found.users is None:
            continue
        if row.kind == "method":
            yield Strip(row.name, "series 1", found.users.every, "a method's median user")
        else:
            yield Strip(row.name, "series 8", found.users.every, "a base model's median user")


def why_no_users(section: Section) -> str:
    """Why nobody has figures by user."""
    analysis = section.analysis
    if analysis is None:
        return "There is no analysis of these records, so there are no differences to draw."
    if analysis.best_single_logloss is None:
        return "There is no best single model with a log loss to compare users with."
    others = [one for one in analysis.methods if one.name != analysis.best_single]
    if all(one.win_rate is None for one in others):
        return "No other method has a log loss to compare with the best single model's."
    return OLDER


def _alt(section: Section, shown: Sequence[Strip]) -> str:
    """What the lead does to its users, or who is first where that is not drawn; and who harms fewest."""
    assert section.analysis is not None
    first = next((one for one in shown if one.name == section.analysis.lead), shown[0])
    helped, equal, harmed = of_spread(first.spread).percents(1)
    middle = signed(first.spread.quantiles[2], section.places("logloss"))
    told = (
        f"With {short(first.name)} the median user's log loss differs by {middle} from that with the best single model; "
        f"it helps {helped:.1f}% of users, harms {harmed:.1f}% and is equal for {equal:.1f}%."
    )
    kindest = all_lowest(shown, lambda one: one.spread.harmed)
    if len(shown) == 1 or len(kindest) == len(shown):
        return told
    least = of_spread(kindest[0].spread).percents(1)[2]
    whom = listed(one.name for one in kindest)
    return f"{told} Of those drawn, {whom} harm{'s' * (len(kindest) == 1)} fewest, {least:.1f}%."


def _note(section: Section, shown: Sequence[Strip], every: int) -> str:
    """How to read it, and what is not shown."""
    assert section.analysis is not None
    seeds = len(section.analysis.seeds)
    of = counted(section.analysis.users, "test user")
    each = ", each counted in every seed that has them" if seeds > 1 else ""
    parts = [
        f"Thin lines hold 90% of users, thick ones the middle half; {of}{each}. The best single model is "
        f"{short(str(section.analysis.best_single))}."
    ]
    if every > len(shown):
        parts.append(f"The first {len(shown)} of {every} in the order of the table.")
    if far := reaching_beyond(shown):
        parts.append(f"{listed(far)} reach beyond the axis.")
    return " ".join(parts)
