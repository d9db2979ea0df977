"""For whom, in a few sentences: whom the best method helps, and whether that differs from group to group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

from bench.evaluate import MethodAnalysis, Paired
from bench.report.content.model import Section
from bench.report.words.blocks import Note
from bench.report.words.figures import joined, with_interval
from bench.report.words.names import short

__all__ = ["best_compared", "for_whom_answer"]

_BY = {
    "history": ("length of history", "users"),
    "support_rate": ("share of positives", "users"),
    "popularity": ("popularity", "items"),
}


_VERDICTS = {
    "better": "gains beyond chance in",
    "tie": "is a tie in",
    "worse": "is worse in",
}


class _Group(NamedTuple):
    """`difference`: of log losses, below 0 where the method is better."""

    name: str
    difference: float
    low: float
    high: float


def for_whom_answer(section: Section) -> Iterator[Note]:
    """Of the best method of the table, against the best single model, in log loss; nothing where no user has figures."""
    found = best_compared(section)
    if found is None or found.users is None:
        return
    every = found.users.every
    single = (
        f"the best single model ({short(str(section.analysis and section.analysis.best_single))})"
    )
    told = (
        f"{short(found.name)} has a lower log loss than {single} for {every.helped:.1%} of test users, and a higher one for "
        f"{every.harmed:.1%}."
    )
    yield Note(" ".join((told, *_by_group(section, found))), strong=True)


def best_compared(section: Section) -> MethodAnalysis | None:
    """The first of the table with figures of users beside the best single model's."""
    for row in section.rows:
        found = section.analysed(row) if row.kind in ("method", "base_model") else None
        if found is not None and found.users is not None:
            return found
    return None


def _by_group(section: Section, found: MethodAnalysis) -> Iterator[str]:
    """The two groups whose intervals lie farthest apart, where those of any two have nothing in common."""
    alike = []
    for by, (property_, of) in _BY.items():
        groups = _groups(section, found.name, by)
        if len(groups) < 2:
            continue
        more, less = max(permutations(groups, 2), key=lambda pair: pair[1].low - pair[0].high)
        if more.high >= less.low:
            alike.append(by)
            continue
        differences = [one.difference for one in groups]
        ends = (more.difference, less.difference) == (min(differences), max(differences))
        most, least = ("most", ", least on") if ends else ("more", " than on")
        yield (
            f"By {property_}, it gains {most} on {of} with {_told(section, more)}{least} those with "
            f"{_told(section, less)}."
        )
    if alike:
        named = joined([" of ".join(_BY[by]) for by in alike], None)
        yield f"By {named}, all groups' 95% intervals overlap, so that none can be said to gain more."
        yield from _beyond_chance(section, found, alike[0])


def _beyond_chance(section: Section, found: MethodAnalysis, by: str) -> Iterator[str]:
    """In which groups of a property the gain is one, by the verdicts of the analysis; nothing where it has none."""
    pairs = [(name, pair.verdict) for name, pair in _pairs(section, found.name, by)]
    verdicts = [verdict for _, verdict in pairs]
    told = {
        verdict: [f'"{short(name)}"' for name, one in pairs if one == verdict]
        for verdict in _VERDICTS
        if verdict in verdicts
    }
    if not told:
        return
    property_, of = _BY[by]
    parts = [
        f"{_VERDICTS[verdict]} {'every group' if len(names) == len(pairs) else joined(names, None)}"
        for verdict, names in told.items()
    ]
    yield f"After Holm's adjustment, by {property_} of {of}, it {', and '.join(parts)}."


def _groups(section: Section, method: str, by: str) -> list[_Group]:
    """Those that have an interval."""
    return [
        _Group(name, pair.difference, pair.low, pair.high)
        for name, pair in _pairs(section, method, by)
        if pair.difference is not None and pair.low is not None and pair.high is not None
    ]


def _pairs(section: Section, method: str, by: str) -> list[tuple[str, Paired]]:
    """Each group's name and its difference from the best single model."""
    segments = section.analysis.segments if section.analysis is not None else ()
    return [
        (one.name, pair)
        for one in segments
        if one.by == by and (pair := one.against_best_single.get(method)) is not None
    ]


def _told(section: Section, group: _Group) -> str:
    places = section.places("logloss")
    return (
        f'"{short(group.name)}" ({with_interval(group.difference, group.low, group.high, places)})'
    )
