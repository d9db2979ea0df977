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


def at_edge(good: Sequence[Record]) -> tuple[AtEdge, ...]:
    """Of the records with a result, in their order: settings for which the least or the most of those tried was chosen.
    A chosen 0 is no edge, since nothing lies beyond it; nor is any choice without support, where no setting does anything."""
    found: dict[tuple[str, str, float], list[int]] = defaultdict(list)
    for record in good:
        for setting, tried in _lists(record).items():
            found_best = record["details"].get("chosen")
            chosen = found_best.get(setting) if isinstance(found_best, Mapping) else None
            if (
                isinstance(chosen, list)
                and len(chosen) == 1
                and chosen[0]
                and chosen[0] in (min(tried), max(tried))
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


def _several_numbers(values: list[Any]) -> bool:
    return len(set(map(str, values))) > 1 and all(
        isinstance(value, int | float) for value in values
    )
