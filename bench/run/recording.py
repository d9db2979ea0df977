"""From a trial's steps on disk to its record. Its figures are computed in a process of their own (bench.scoring)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.evaluate import Adaptation
from bench.interfaces import Metric
from bench.job.environment import environment, machine_of, versions
from bench.job.outcome import OK, Outcome
from bench.job.resources import Resources
from bench.job.steps import RESULT, FitStep, SelectStep
from bench.processes import Limits
from bench.records import SCHEMA, capped, digest, write_blob
from bench.registry import Registry
from bench.run.planning.trials import Trial
from bench.scoring.asking import computed
from bench.scoring.metrics import make_metric
from bench.scoring.order import MetricOrder, TrialOrder
from bench.storage.kept import KeptFolder
from bench.suite import MetricSpec

__all__ = ["Scorer", "failed_record", "metrics_of", "record_of", "scorer_of"]

Steps = Mapping[str, FitStep | SelectStep]


def metrics_of(registry: Registry, specs: Mapping[str, MetricSpec]) -> dict[str, Metric]:
    """The suite's metrics, made, each under the name that the suite gives it: two may be of one plugin.

    Raises PluginUnavailable for one that does not import, PluginError for one that can't be made."""
    return {
        name: make_metric(registry.load("metrics", spec.use), name, spec.params)
        for name, spec in specs.items()
    }


@dataclass(frozen=True)
class Scorer:
    """How a run's figures are computed: by which metrics, with how many threads."""

    metrics: tuple[MetricOrder, ...]
    plugin_paths: tuple[Path, ...]
    threads: int
    limits: Limits  # of each computation in which a stranger's metric is asked


def scorer_of(
    registry: Registry,
    specs: Mapping[str, MetricSpec],
    made: Mapping[str, Metric],
    threads: int,
    limits: Limits,
) -> Scorer:
    """`made`: by `metrics_of`."""
    orders = [
        MetricOrder(
            name=name,
            plugin=registry.used("metrics", spec.use),
            params=dict(spec.params),
            higher_is_better=made[name].higher_is_better,
            own=registry.is_own("metrics", spec.use),
        )
        for name, spec in specs.items()
    ]
    paths = tuple(path.absolute() for path in registry.paths)
    return Scorer(tuple(orders), paths, threads, limits)


def record_of(
    trial: Trial, steps: Steps, scorer: Scorer, run: Path, warnings: Sequence[str] = ()
) -> dict[str, Any]:
    """The record of a trial whose steps are done; its logits, weights and what adaptation did are kept as blobs of the run.
    `warnings`: of how its own step ran.

    Raises DamagedCacheError where the folder of a step does not hold what the step left there."""
    found = _scored(trial, steps, scorer)
    if trial.kind == "bound":
        return _record(trial, OK) | {
            "metrics": found["metrics"],
            "details": found["details"],
            "environment": environment(Resources()),
            "versions": versions(),
        }
    assert trial.own is not None
    kept = KeptFolder(steps[trial.own].folder)
    result, logits = kept.json(RESULT), kept.array("logits")
    if trial.kind == "base_model":  # its fit predicted every row of the table
        logits = logits[trial.division.split.rows("test", "query")]
    blobs = {"logits": write_blob(run, np.asarray(logits))}
    for name in ("weights", *Adaptation._fields):
        if f"{name}.npy" in kept:
            blobs[name] = write_blob(run, kept.array(name))
    return _record(trial, OK) | {
        "metrics": found["metrics"],
        "validation": {"logloss": found["validation"]},
        "cost": {"own": result["cost"], "total": _total(trial, steps)},
        "details": _warned(capped(result["details"]), found["details"], warnings),
        "blobs": blobs,
        # of the process that computed the step, now or in an earlier run
        "environment": result["environment"] | _others(trial, steps, result["environment"]),
        "versions": result["versions"],
    }


def _scored(trial: Trial, steps: Steps, scorer: Scorer) -> dict[str, Any]:
    order = TrialOrder(
        division=trial.division.order,
        kind=trial.kind,
        method=trial.method,
        own=None if trial.own is None else steps[trial.own].folder.absolute(),
        stars={name: steps[star].folder.absolute() for name, star in trial.stars.items()},
        metrics=scorer.metrics,
        plugin_paths=scorer.plugin_paths,
    )
    return computed(order, scorer.threads, scorer.limits)


def _warned(
    details: dict[str, Any], found: dict[str, Any], of_its_run: Sequence[str]
) -> dict[str, Any]:
    """The step's own warnings, then what its predictions give rise to."""
    every = [*details.get("warnings", ()), *of_its_run, *found.get("warnings", ())]
    return details | found | ({"warnings": every} if every else {})


def failed_record(trial: Trial, steps: Steps, outcome: Outcome) -> dict[str, Any]:
    """The record of a trial that ended without a prediction."""
    resources = steps[trial.own].resources if trial.own else Resources()
    return _record(trial, outcome) | {"environment": environment(resources), "versions": versions()}


def _record(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": trial.id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "trial": trial.names,
        "kind": trial.kind,
        "outcome": outcome.model_dump(mode="json"),
        "identity": dict(trial.identity),
        "recipe": dict(trial.recipe),  # so that who joins runs of two machines knows what is alike
        "steps": list(trial.steps),  # all that it reads, so that who tidies up the cache knows
        "metrics": {},
        "validation": {"logloss": None},
        "cost": {"own": {}, "total": {}},
        "details": {},
        "blobs": {},
        "environment": {},
        "versions": {},
    }


def _others(trial: Trial, steps: Steps, own: dict[str, Any]) -> dict[str, Any]:
    """Other kinds of machine that did steps whose cost is in the trial's total."""
    told = (KeptFolder(steps[step].folder).json(RESULT)["environment"] for step in trial.steps)
    machines = {digest(machine_of(one)): machine_of(one) for one in told}
    machines.pop(digest(machine_of(own)), None)
    return {"others": [machines[key] for key in sorted(machines)]} if machines else {}


def _total(trial: Trial, steps: Steps) -> dict[str, Any]:
    """Own cost and that of every step it reads, as if nothing had been shared; memory is the most that one took."""
    costs = [KeptFolder(steps[step].folder).json(RESULT)["cost"] for step in trial.steps]
    summed = {
        key: sum(cost[key] or 0 for cost in costs)
        for key in (
            "train_cpu_s",
            "train_wall_s",
            "train_rows",
            "predict_cpu_s",
            "predict_wall_s",
            "predict_rows",
        )
    }
    return summed | {"peak_rss_bytes": max(cost["peak_rss_bytes"] for cost in costs)}
