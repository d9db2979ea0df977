"""Made-up runs with the evidence that a gate reads: per-user losses in, records, analysis and draws of users out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.evaluate.inference.resampling import KEPT_DRAWS, draw_users
from bench.job.outcome import Outcome
from bench.records import SCHEMA, Run, digest, load, write_analyses, write_manifest, write_record
from bench.records.blobs import write_blob

USERS = 200
DRAWN = draw_users(USERS, KEPT_DRAWS, 0).astype(float) / USERS  # (U, R)
HIGHER = {"auc": True, "logloss": False}

Losses = Callable[[str, int], np.ndarray]  # metric, seed -> (U,) of one method
Edit = Callable[[list[dict[str, Any]]], object]


def users_of(
    offset: float = 0.0, spread: float = 0.0, between_seeds: float = 0.0, by: int = 0
) -> Losses:
    """Figures of a method: worse by `offset` for the average user of the average seed, by any metric. `spread`: of users
    about that, `between_seeds`: of seeds; `by` draws both."""

    def losses(metric: str, seed: int) -> np.ndarray:
        of_users = 0.5 + 0.1 * np.random.default_rng(7).standard_normal(USERS)
        own = np.random.default_rng([by, len(metric)]).standard_normal(USERS)
        moved = between_seeds * np.random.default_rng([by, seed, 1]).standard_normal()
        worse = offset + moved + spread * (own - own.mean())
        return of_users - worse if HIGHER[metric] else of_users + worse

    return losses


def make_run(
    folder: Path,
    methods: Mapping[str, Losses],
    seeds: Sequence[int] = (0, 1, 2),
    metrics: Sequence[str] = ("auc", "logloss"),
    *,
    gate: Mapping[str, Any] | None = None,
    peak: Mapping[str, float] | None = None,
    edit: Edit = lambda _: None,
    drawn: str = "the same",
    analysed: bool = True,
    lost: float = 0.0,
    manifest: Mapping[str, Any] | None = None,
) -> Run:
    """`lost`: share of the draws of users in which no metric is defined."""
    losses = {
        (name, metric, seed): of(metric, seed)
        for name, of in methods.items()
        for metric in metrics
        for seed in seeds
    }
    records = [
        _record(
            name,
            seed,
            {metric: losses[name, metric, seed].mean() for metric in metrics},
            peak or {},
        )
        for seed in seeds
        for name in methods
    ]
    edit(records)
    kept = [write_record(folder, one) for one in records]
    lines = [
        {
            **one["trial"],
            "kind": one["kind"],
            "id": one["id"],
            "asked": True,
            "record": one["id"],
            "status": one["outcome"]["status"],
        }
        for one in records
    ]
    write_manifest(
        folder,
        {
            "schema": SCHEMA,
            "trials": lines,
            "tolerance": {},
            "primary": "logloss",
            "metrics": list(metrics),
            "higher_is_better": HIGHER,
            **({} if gate is None else {"gate": dict(gate)}),
            **(manifest or {}),
        },
    )
    if analysed:
        draws = [
            [[losses[name, metric, seed] @ DRAWN for name in methods] for seed in seeds]
            for metric in metrics
        ]  # (K, S, M, R)
        array = np.array(draws, dtype=np.float32).transpose(0, 1, 3, 2)
        array[:, :, : round(lost * KEPT_DRAWS)] = np.nan
        facts = {
            "metrics": list(metrics),
            "seeds": list(seeds),
            "names": list(methods),
            "higher_is_better": {metric: HIGHER[metric] for metric in metrics},
            "untested": {},
            "users": USERS,
            "effective_users": float(USERS),
            "drawn": drawn,
            "blob": write_blob(folder, array),
        }
        write_analyses(folder, kept, {"ml/cold": {"kept_draws": facts}})
    return load(folder)


def _record(
    name: str, seed: int, values: Mapping[str, float], peak: Mapping[str, float]
) -> dict[str, Any]:
    cost = {"train_cpu_s": 2.0, "predict_cpu_s": 0.5}
    if name in peak:
        cost["peak_rss_bytes"] = peak[name]
    return {
        "schema": SCHEMA,
        "id": digest([name, seed])[:32],
        "trial": {"dataset": "ml", "protocol": "cold", "method": name, "seed": seed},
        "kind": "base_model",
        "outcome": Outcome().model_dump(mode="json"),
        "identity": {
            "data": "d" * 64,
            "split": "s" * 64,
            "metrics": {metric: {"version": 1, "digest": "m" * 64} for metric in values},
            "plugins": [],
            "harness": "h" * 64,
            "settings": {"use": name},
        },
        "metrics": {
            metric: {"value": float(value), "reason": "", "counts": {}}
            for metric, value in values.items()
        },
        "cost": {"own": cost, "total": cost},
    }
