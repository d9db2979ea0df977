"""What a run says of itself as a whole: its suite, data, splits and trials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bench.data.views.interactions import Interactions
from bench.interfaces import Metric
from bench.registry import Registry
from bench.run.plan import Division, Trial
from bench.run.split_facts import split_facts
from bench.suite import Suite

__all__ = ["ended", "started"]

Divisions = Mapping[tuple[str, str, int], Division]  # by dataset, protocol and trial seed


def started(
    suite: Suite, registry: Registry, metrics: Mapping[str, Metric], divisions: Divisions, trials: list[Trial]
) -> dict[str, Any]:
    """The manifest of a run that begins: every trial planned, none recorded."""
    by_name = {f"{d.dataset}/{d.protocol}": d for d in divisions.values()}
    datasets = {division.dataset: division.interactions for division in divisions.values()}
    return {
        "schema": 1,
        "suite": {"name": suite.name, "digest": suite.digest, "file": suite.file.name},
        "started": _now(),
        "ended": None,
        "status": "incomplete",
        "trials": [_line(trial, None) for trial in trials],
        "datasets": {name: _dataset(interactions) for name, interactions in datasets.items()},
        "splits": {
            name: {**split_facts(d.split, d.interactions, d.base_predictions, d.seed), "digest": d.digest}
            for name, d in by_name.items()
        },
        "plugins": {"quarantined": [plugin._asdict() for plugin in registry.quarantined]},
        "relaimpr_base": suite.relaimpr_base,
        "metrics": list(suite.metrics),
        "higher_is_better": {name: metric.higher_is_better for name, metric in metrics.items()},
        "tolerance": dict(suite.tolerance),
        "seeds": sorted({seed for _, _, seed in divisions}),
    }


def ended(
    manifest: dict[str, Any], trials: list[Trial], records: Mapping[str, str | None], *, interrupted: bool
) -> dict[str, Any]:
    """The same once it is over. `records`: trial id to record id, of those that have one."""
    lines = [_line(trial, records.get(trial.id)) for trial in trials]
    complete = all(line["record"] and not line["record"].endswith("-failed") for line in lines)
    status = "interrupted" if interrupted else "complete" if complete else "incomplete"
    return manifest | {"trials": lines, "status": status, "ended": _now()}


def _dataset(interactions: Interactions) -> dict[str, Any]:
    kept = (
        "name", "digest", "source", "label", "order", "counts", "fields", "categories", "missing", "several_values", "truth",
    )  # fmt: skip
    return {key: interactions.meta[key] for key in kept if key in interactions.meta}


def _line(trial: Trial, record: str | None) -> dict[str, Any]:
    return {**trial.names, "kind": trial.kind, "record": record}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
