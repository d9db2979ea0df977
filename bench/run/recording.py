"""From a trial's steps on disk to its record: here, in the harness's own process, the metrics are computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import PluginError
from bench.evaluate import (
    Adaptation,
    best_model_share,
    perfect_sample_logits,
    perfect_user_logits,
)
from bench.evaluate.metrics.metric_rows import handed
from bench.evaluate.metrics.metrics import mean_log_loss
from bench.interfaces import Metric, MetricRows, Score
from bench.job.environment import environment, versions
from bench.job.outcome import OK, Outcome
from bench.job.resources import Resources
from bench.job.steps import RESULT, FitStep, SelectStep
from bench.records import SCHEMA, capped, write_blob
from bench.registry import Registry
from bench.run.planning.trials import Trial
from bench.storage.kept import KeptFolder

__all__ = ["failed_record", "metrics_of", "record_of"]

Steps = Mapping[str, FitStep | SelectStep]
Metrics = Mapping[str, Metric]


def metrics_of(registry: Registry, names: tuple[str, ...]) -> dict[str, Metric]:
    """The suite's metrics, made; `relaimpr` is derived when reporting."""
    made = {}
    for name in names:
        if name != "relaimpr":
            plugin = registry.load("metrics", name)
            made[name] = plugin(plugin.Params())
    return made


def record_of(trial: Trial, steps: Steps, metrics: Metrics, run: Path) -> dict[str, Any]:
    """The record of a trial whose steps are done; its logits, weights and what adaptation did are kept as blobs of the run.

    Raises DamagedCacheError where the folder of a step does not hold what the step left there."""
    if trial.kind == "bound":
        return _bound(trial, steps, metrics)
    assert trial.own is not None
    kept = KeptFolder(steps[trial.own].folder)
    result, logits = kept.json(RESULT), kept.array("logits")
    validation = result["valid_logloss"]
    if trial.kind == "base_model":  # its fit predicted every row of the table
        split = trial.division.split
        valid_rows, query = split.rows("valid", "query"), split.rows("test", "query")
        validation = mean_log_loss(
            trial.division.interactions.labels()[valid_rows], logits[valid_rows]
        )
        logits = logits[query]
    blobs = {"logits": write_blob(run, np.asarray(logits))}
    for name in ("weights", *Adaptation._fields):
        if f"{name}.npy" in kept:
            blobs[name] = write_blob(run, kept.array(name))
    return _record(trial, OK) | {
        "metrics": _scores(metrics, trial, trial.division.test_rows, logits),
        "validation": {"logloss": validation},
        "cost": {"own": result["cost"], "total": _total(trial, steps)},
        "details": capped(result["details"]),
        "blobs": blobs,
        # of the process that computed the step, now or in an earlier run
        "environment": result["environment"],
        "versions": result["versions"],
    }


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
        "metrics": {},
        "validation": {"logloss": None},
        "cost": {"own": {}, "total": {}},
        "details": {},
        "blobs": {},
        "environment": {},
        "versions": {},
    }


def _bound(trial: Trial, steps: Steps, metrics: Metrics) -> dict[str, Any]:
    """A perfect selector over the star predictions; it reads test labels and is never ranked. Computed here, by the host."""
    rows = trial.division.test_rows
    query = trial.division.split.rows("test", "query")
    base = np.stack(
        [KeptFolder(steps[star].folder).array("logits")[query] for star in trial.stars.values()],
        axis=1,
    )
    if trial.method == "perfect-user":
        logits = perfect_user_logits(rows.y, base, rows.users)
    else:
        logits = perfect_sample_logits(rows.y, base)
    shares = best_model_share(rows.y, base, rows.users)
    return _record(trial, OK) | {
        "metrics": _scores(metrics, trial, rows, logits),
        "details": {"best_model_share": dict(zip(trial.stars, map(float, shares), strict=True))},
        "environment": environment(Resources()),
        "versions": versions(),
    }


def _scores(metrics: Metrics, trial: Trial, rows: MetricRows, logits: np.ndarray) -> dict[str, Any]:
    """Raises PluginError for what is no score."""
    scores = {name: _score(metric, trial, rows, logits) for name, metric in metrics.items()}
    return {
        name: {"value": score.value, "reason": score.reason, "counts": dict(score.counts)}
        for name, score in scores.items()
    }


def _score(metric: Metric, trial: Trial, rows: MetricRows, logits: np.ndarray) -> Score:
    try:
        score = metric.compute(*handed(rows, logits))
    except Exception as error:
        what = f"compute raised {type(error).__name__}: {error}"
        raise PluginError(f"metric {metric.name!r} on {trial.title}: {what}") from error
    wrong = ""
    if not isinstance(score, Score):
        wrong = f"compute gave {type(score).__name__}; it gives a bench.interfaces.Score"
    elif score.value is not None and not math.isfinite(score.value):
        wrong = f"compute gave {score.value}; where it is undefined it gives Score(None, reason)"
    if wrong:
        raise PluginError(f"metric {metric.name!r} on {trial.title}: {wrong}")
    return score if score.value is None else score._replace(value=float(score.value))


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
