"""For whom, user by user: how the best method's differences spread within groups of users."""

from __future__ import annotations

from collections.abc import Sequence

from bench.evaluate import MethodAnalysis, UserDifferences
from bench.report.charts.group_differences import BY
from bench.report.charts.model import Chart, nothing_to_draw
from bench.report.charts.strips import Strip, reaching_beyond, strip_grid, strip_panels
from bench.report.charts.ties import all_highest, all_lowest
from bench.report.charts.user_differences import why_no_users
from bench.report.content.model import Section
from bench.report.sections.for_whom_answer import best_compared
from bench.report.words.figures import counted, listed
from bench.report.words.names import short

__all__ = ["users_by_group"]

_NAME = "users-by-group"


def users_by_group(section: Section) -> Chart:
    """Of the best method of the table; in log loss, whatever the primary."""
    found = best_compared(section)
    if found is None or found.users is None:
        title = "Whom the best method helps and harms, by group of users"
        return nothing_to_draw(_NAME, title, why_no_users(section))
    by_group = {by: strips for by in BY if (strips := _strips(section, found.users, by))}
    every = [strip for strips in by_group.values() for strip in strips]
    panels = tuple(
        panel for by, strips in by_group.items() for panel in strip_panels(strips, f"{by}-", BY[by])
    )
    title = f"Differences in log loss of {short(found.name)} by group: quantiles over test users"
    return Chart(
        _NAME,
        f"Whom {short(found.name)} helps and harms, by group of users",
        _alt(found, every),
        panels,
        strip_grid(title, "users", every, section.places("logloss")),
        note=_note(every),
        columns=2,
        legend=False,
    )


def _strips(section: Section, users: UserDifferences, by: str) -> list[Strip]:
    """A user in several seeds is one user, as in the segments; a spread counts each seed's."""
    segments = section.analysis.segments if section.analysis is not None else ()
    of_band = {(one.by, one.name): counted(one.users, "user") for one in segments}
    return [
        Strip(band.name, "series 1", band.spread, under=of_band.get((band.by, band.name), ""))
        for band in users.bands
        if band.by == by
    ]


def _alt(found: MethodAnalysis, every: Sequence[Strip]) -> str:
    """Where it helps most, and where fewest."""
    most, fewest = (
        pick(every, lambda one: one.spread.helped) for pick in (all_highest, all_lowest)
    )
    share_of = f"{most[0].spread.helped:.1%} of users"
    if len(most) == len(every):
        return f"{short(found.name)} helps {share_of}{' in every group' * (len(every) > 1)}."
    return (
        f"{short(found.name)} helps most often among users with {_said(most)}, {share_of} there, and least often with "
        f"{_said(fewest)}, {fewest[0].spread.helped:.1%}."
    )


def _said(strips: Sequence[Strip]) -> str:
    return listed(f'"{short(one.name)}"' for one in strips)


def _note(every: Sequence[Strip]) -> str:
    far = reaching_beyond(every)
    return (
        "Difference from the best single model: thin lines hold 90% of a group's users, thick ones the middle half; "
        f"a user counts in every seed.{f' {listed(far)} reach beyond the axis.' if far else ''}"
    )
