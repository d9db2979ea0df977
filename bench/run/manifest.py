"""What a run says of itself as a whole: its suite, data, splits and trials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bench.data.views.interactions import Interactions
from bench.interfaces import Metric
from bench.job.outcome import Outcome
from bench.records import SCHEMA
from bench.registry import Registry
from bench.run.planning.division import Divisions
from bench.run.planning.trials import Trial
from bench.run.split_facts import split_facts
from bench.suite import Suite

__all__ = ["Recorded", "ended", "started"]


def started(
    suite: Suite,
    registry: Registry,
    metrics: Mapping[str, Metric],
    divisions: Divisions,
    trials: list[Trial],
) -> dict[str, Any]:
    """The manifest of a run that begins: every trial planned, none recorded."""
    by_name = {division.name: division for division in divisions.values()}
    datasets = {division.dataset: division.interactions for division in divisions.values()}
    return {
        "schema": SCHEMA,
        "suite": {"name": suite.name, "digest": suite.digest, "file": suite.file.name},
        "started": _now(),
        "ended": None,
        "status": "incomplete",
        "trials": [_line(trial, None) for trial in trials],
        "datasets": {name: _dataset(interactions) for name, interactions in datasets.items()},
        "splits": {
            name: {**split_facts(division.plan, division.interactions), "digest": division.digest}
            for name, division in by_name.items()
        },
        "plugins": {"quarantined": [plugin._asdict() for plugin in registry.quarantined]},
        "primary": suite.primary,
        "against": suite.against,
        "relaimpr_base": suite.relaimpr_base,
        "metrics": list(suite.metrics),
        "higher_is_better": {name: metric.higher_is_better for name, metric in metrics.items()},
        "tolerance": dict(suite.tolerance),
        "seeds": sorted({seed for _, _, seed in divisions}),
    }


class Recorded(NamedTuple):
    """A trial's record, by its id, and what the trial came to."""

    id: str
    outcome: Outcome


def ended(
    manifest: dict[str, Any],
    trials: list[Trial],
    records: Mapping[str, Recorded],
    *,
    interrupted: bool,
) -> dict[str, Any]:
    """The same once it is over. `records`: by trial id, of those that have one."""
    found = [records.get(trial.id) for trial in trials]
    complete = all(one is not None and one.outcome.ok for one in found)
    status = "interrupted" if interrupted else "complete" if complete else "incomplete"
    lines = [_line(trial, one) for trial, one in zip(trials, found, strict=True)]
    return manifest | {"trials": lines, "status": status, "ended": _now()}


def _dataset(interactions: Interactions) -> dict[str, Any]:
    kept = (
        "name", "digest", "source", "label", "order", "counts", "fields", "categories", "missing", "several_values", "truth",
    )  # fmt: skip
    return {key: interactions.meta[key] for key in kept if key in interactions.meta}


def _line(trial: Trial, recorded: Recorded | None) -> dict[str, Any]:
    return {
        **trial.names,
        "kind": trial.kind,
        "record": None if recorded is None else recorded.id,
        "status": None if recorded is None else recorded.outcome.status,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
