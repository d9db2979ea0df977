"""From a trial's steps on disk to its record: here, in the harness's own process, the metrics are computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import StorageError
from bench.evaluate import Adaptation, best_model_share, perfect_sample_logits, perfect_user_logits
from bench.interfaces import Metric
from bench.job.environment import environment, versions
from bench.job.steps import FitStep, SelectStep
from bench.records import write_blob
from bench.registry import Registry
from bench.run.plan import Trial

__all__ = ["failed_record", "metrics_of", "record_of"]

Steps = Mapping[str, FitStep | SelectStep]


def metrics_of(registry: Registry, names: tuple[str, ...]) -> dict[str, Metric]:
    """The suite's metrics, made; `relaimpr` is derived when reporting."""
    made = {}
    for name in names:
        if name != "relaimpr":
            plugin = registry.load("metrics", name)
            made[name] = plugin(plugin.Params())
    return made


def record_of(trial: Trial, steps: Steps, metrics: Mapping[str, Metric], run: Path) -> dict[str, Any]:
    """The record of a trial whose steps are done; its logits, weights and what adaptation did are kept as blobs of the
    run."""
    query = trial.division.split.rows("test", "query")
    y = trial.division.interactions.labels()[query]
    users = np.asarray(trial.division.interactions.users[query])
    if trial.kind == "bound":
        return _bound(trial, steps, metrics, y, users)
    assert trial.own is not None
    folder = steps[trial.own].folder
    result = _result(folder)
    logits = _load(folder / "logits.npy")
    validation = result.get("valid_logloss")
    if trial.kind == "base_model":
        valid = trial.division.split.rows("valid", "query")
        validation = _score(metrics["logloss"], trial, valid, logits[valid])["value"] if "logloss" in metrics else None
        logits = logits[query]
    blobs = {"logits": write_blob(run, np.asarray(logits))}
    for name in ("weights", *Adaptation._fields):
        if (folder / f"{name}.npy").exists():
            blobs[name] = write_blob(run, _load(folder / f"{name}.npy"))
    return _record(trial, steps) | {
        "metrics": {name: _scored(metric, y, logits, users) for name, metric in metrics.items()},
        "validation": {"logloss": validation},
        "cost": {"own": result["cost"], "total": _total(trial, steps)},
        "details": result["details"],
        "versions": versions() | result.get("versions", {}),
        "blobs": blobs,
    }


def failed_record(trial: Trial, steps: Steps, failure: Mapping[str, str]) -> dict[str, Any]:
    """The record of a trial that ended without a prediction; it does not stand in the way of another try."""
    record = _record(trial, steps)
    return record | {
        "id": f"{record['id']}-failed",
        "status": failure["status"],
        "reason": failure["reason"],
        "traceback": failure.get("traceback", ""),
    }


def _record(trial: Trial, steps: Steps) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": trial.id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "trial": trial.names,
        "kind": trial.kind,
        "status": "ok",
        "reason": "",
        "traceback": "",
        "identity": dict(trial.identity),
        "metrics": {},
        "validation": {"logloss": None},
        "cost": {"own": {}, "total": {}},
        "details": {},
        "blobs": {},
        "environment": environment(steps[trial.own].threads if trial.own else 1),
        "versions": versions(),
    }


def _bound(
    trial: Trial, steps: Steps, metrics: Mapping[str, Metric], y: np.ndarray, users: np.ndarray
) -> dict[str, Any]:
    """A perfect selector over the star predictions; it reads test labels and is never ranked."""
    query = trial.division.split.rows("test", "query")
    base = np.stack([_load(steps[star].folder / "logits.npy")[query] for star in trial.stars.values()], axis=1)
    logits = perfect_user_logits(y, base, users) if trial.method == "perfect-user" else perfect_sample_logits(y, base)
    shares = best_model_share(y, base, users)
    return _record(trial, steps) | {
        "metrics": {name: _scored(metric, y, logits, users) for name, metric in metrics.items()},
        "details": {"best_model_share": dict(zip(trial.stars, map(float, shares), strict=True))},
    }


def _score(metric: Metric, trial: Trial, rows: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    interactions = trial.division.interactions
    return _scored(metric, interactions.labels()[rows], logits, np.asarray(interactions.users[rows]))


def _scored(metric: Metric, y: np.ndarray, logits: np.ndarray, users: np.ndarray) -> dict[str, Any]:
    score = metric.compute(y, logits, users)
    return {"value": score.value, "reason": score.reason, "counts": dict(score.counts)}


def _total(trial: Trial, steps: Steps) -> dict[str, Any]:
    """Own cost and that of every step it reads, as if nothing had been shared; memory is the most that one took."""
    costs = [_result(steps[step].folder)["cost"] for step in trial.steps]
    summed = {
        key: sum(cost[key] or 0 for cost in costs)
        for key in ("train_cpu_s", "train_wall_s", "train_rows", "predict_cpu_s", "predict_wall_s", "predict_rows")
    }
    return summed | {"peak_rss_bytes": max(cost["peak_rss_bytes"] for cost in costs)}


def _result(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "result.json").read_text("utf-8"))  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{folder / 'result.json'} can't be read back: {error}; remove its folder and run again"
        ) from error


def _load(file: Path) -> np.ndarray:
    return np.load(file, allow_pickle=False)  # type: ignore[no-any-return]
