"""Settings chosen on validation users at the edge of those that were tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.job.spec import MethodSpec
from bench.report.content.model import AtEdge
from bench.report.content.recorded_spec import recorded_spec

__all__ = ["at_edge"]

Record = Mapping[str, Any]
# meta-learner -> parameter -> the lowest and the highest value that it may hold
Limits = Mapping[str, Mapping[str, Sequence[float | None]]]


def at_edge(good: Sequence[Record], limits: Limits) -> tuple[AtEdge, ...]:
    """Of the records with a result, in their order: settings for which the least or the most of those tried was chosen, and
    beyond which the parameter may go. Below 0 nothing lies, below a single step none; nor is any choice an edge without
    support, where no setting does anything."""
    found: dict[tuple[str, str, float], list[int]] = defaultdict(list)
    for record in good:
        for setting, tried in _lists(record).items():
            found_best = record["details"].get("chosen")
            chosen = found_best.get(setting) if isinstance(found_best, Mapping) else None
            if (
                isinstance(chosen, list)
                and len(chosen) == 1
                and _may_be_wider(chosen[0], tried, _limits_of(record, limits).get(setting, ()))
            ):
                found[record["trial"]["method"], setting, chosen[0]].append(record["trial"]["seed"])
    return tuple(AtEdge(*key, tuple(sorted(seeds))) for key, seeds in found.items())


def _lists(record: Record) -> dict[str, list[float]]:
    """Parameters of the meta-learner that are several numbers to choose from."""
    spec = recorded_spec(record)
    if not isinstance(spec, MethodSpec) or spec.meta_learner is None or spec.support_rows == 0:
        return {}
    params = spec.meta_learner.params
    return {
        name: value
        for name, value in params.items()
        if isinstance(value, list) and _several_numbers(value)
    }


def _limits_of(record: Record, limits: Limits) -> Mapping[str, Sequence[float | None]]:
    spec = recorded_spec(record)
    assert isinstance(spec, MethodSpec)
    return {} if spec.meta_learner is None else limits.get(spec.meta_learner.use, {})


def _may_be_wider(chosen: Any, tried: list[float], ends: Sequence[float | None]) -> bool:
    """Whether it is the least or the most of what was tried, and values lie beyond it."""
    if chosen == max(tried):
        return chosen not in ends[1:]
    is_last_step = all(type(value) is int for value in tried) and chosen == 1
    return bool(chosen) and chosen == min(tried) and not is_last_step and chosen not in ends[:1]


def _several_numbers(values: list[Any]) -> bool:
    return len(set(map(str, values))) > 1 and all(
        isinstance(value, int | float) for value in values
    )
