"""Training of which no epoch was better than its start: what is scored then is the start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.job.spec import MethodSpec
from bench.report.content.model import NeverBetter, TrainedPart
from bench.report.content.recorded_spec import recorded_spec

__all__ = ["never_better"]

Record = Mapping[str, Any]


def never_better(good: Sequence[Record]) -> tuple[NeverBetter, ...]:
    """Of the records with a result, in their order: those that were trained and whose best epoch is 0. The harness's own loop
    counts from 1, since a base model's start is random; a plugin's own training may count its start too."""
    with_result: dict[str, int] = defaultdict(int)
    found: dict[tuple[str, TrainedPart], list[int]] = defaultdict(list)
    for record in good:
        method, seed = record["trial"]["method"], record["trial"]["seed"]
        with_result[method] += 1
        if _kept_its_start(record["details"]):
            found[method, _trained_part(record)].append(seed)
    return tuple(
        NeverBetter(method, part, tuple(sorted(seeds)), with_result[method])
        for (method, part), seeds in found.items()
    )


def _kept_its_start(details: Record) -> bool:
    epochs, best = details.get("epochs"), details.get("best_epoch")
    return type(epochs) is int and epochs > 0 and type(best) is int and best == 0


def _trained_part(record: Record) -> TrainedPart:
    spec = recorded_spec(record)
    if not isinstance(spec, MethodSpec) or spec.meta_learner is None:
        return "own"
    return "selector and pool" if spec.full else "selector"
