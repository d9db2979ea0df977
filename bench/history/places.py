"""Series of each suite, dataset and protocol, and who is best there now."""

from __future__ import annotations

from collections.abc import Sequence

from bench.history.figures import decimals, quantity_name, shown
from bench.history.model import CPU, MEMORY, History, Series
from bench.report import short

__all__ = ["best_now", "by_place", "place_name"]

Place = tuple[str, str, str]  # suite, dataset, protocol


def by_place(found: History) -> dict[Place, list[Series]]:
    """Series of each suite, dataset and protocol, those with changes first."""
    places: dict[Place, list[Series]] = {}
    for one in found.series:
        places.setdefault((one.suite, one.dataset, one.protocol), []).append(one)
    return {place: sorted(ones, key=lambda one: not one.changes) for place, ones in places.items()}


def place_name(found: History, place: Place) -> str:
    """With its suite, where there are several."""
    suites = {one.suite for one in found.series}
    return " / ".join(map(short, place if len(suites) > 1 else place[1:]))


def best_now(found: History, series: Sequence[Series]) -> str:
    """`gating is best in run-9: log loss .5299; .5310 in run-0`, by the latest run that has figures; nothing where the
    metric's direction is unknown. Methods that are equal are named by the first."""
    judged = [
        one
        for one in series
        if one.quantity not in (CPU, MEMORY) and one.higher_is_better is not None
    ]
    if not judged:
        return ""
    run = max(one.points[-1].run for one in judged)
    there = [one for one in judged if one.points[-1].run == run]
    best = min(there, key=lambda one: one.points[-1].value * (-1 if one.higher_is_better else 1))
    first, latest = best.points[0], best.points[-1]
    places = decimals(best)
    told = f"{short(best.method)} is best in {short(found.runs[run])}: "
    told += f"{quantity_name(best.quantity)} {shown(best.quantity, latest.value, places).strip()}"
    if first is latest:
        return told
    before = (
        f"{shown(best.quantity, first.value, places).strip()} in {short(found.runs[first.run])}"
    )
    return f"{told}; {before}{' is not comparable' if best.breaks else ''}"
