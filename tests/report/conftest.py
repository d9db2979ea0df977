"""A run as the harness writes it, with figures like those of ml-1m in cold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.evaluate import Analysis
from bench.job.outcome import Outcome, Status
from bench.records import SCHEMA, Run, digest, load, write_analyses, write_manifest, write_record
from tests.report.analyses import analysis_of, in_agreement

# name: kind, log loss, AUC, GAUC, own train CPU s, trained rows, own predict CPU s
TRIALS: dict[str, tuple[str, float, float, float, float, int | None, float]] = {
    "lr": ("base_model", 0.6022, 0.742, 0.717, 2.1, 4_800_000, 0.02),
    "fm": ("base_model", 0.6003, 0.745, 0.718, 6.3, 5_600_000, 0.05),
    "ffm": ("base_model", 0.6010, 0.744, 0.719, 30.0, 5_600_000, 0.2),
    "deepfm": ("base_model", 0.6047, 0.741, 0.7175, 14.0, 4_000_000, 0.09),
    "average": ("method", 0.5990, 0.746, 0.719, 0.0, None, 0.002),
    "gating": ("method", 0.5980, 0.746, 0.72, 9.5, 800_000, 0.03),
    "user-best": ("method", 0.5899, 0.756, 0.718, 0.4, 800_000, 0.01),
    "user-calibration": ("method", 0.5390, 0.803, 0.722, 0.9, 800_000, 0.02),
    "metaselector-simplified": ("method", 0.5851, 0.761, 0.721, 45.0, 9_000_000, 0.9),
    "metaselector": ("method", 0.5299, 0.8125, 0.737, 310.4, 9_000_000, 1.2),
    "perfect-user": ("bound", 0.5786, 0.767, 0.745, 0.0, None, 0.0),
    "perfect-sample": ("bound", 0.4310, 0.889, 0.88, 0.0, None, 0.0),
}
QUERY_ROWS = 21_037


def shifted(name: str, seed: int) -> float:
    """What a seed makes of a figure."""
    return 0.0007 * seed * (-1) ** len(name)


def mean_loss(name: str, seeds: tuple[int, ...]) -> float:
    return TRIALS[name][1] + sum(shifted(name, seed) for seed in seeds) / len(seeds)


def record(name: str, seed: int) -> dict[str, Any]:
    kind, logloss, auc, gauc, train_s, train_rows, predict_s = TRIALS[name]
    shift = shifted(name, seed)
    own = {
        "train_cpu_s": train_s * (1 + 0.1 * seed),
        "train_wall_s": train_s * 1.2,
        "train_rows": train_rows,
        "predict_cpu_s": predict_s,
        "predict_wall_s": predict_s,
        "predict_rows": QUERY_ROWS,
        "peak_rss_bytes": 612_000_000 + 1_000_000 * len(name),
    }
    total = own | ({"train_cpu_s": own["train_cpu_s"] + 290.0} if kind == "method" else {})
    values = {"logloss": logloss + shift, "auc": auc - shift, "gauc": gauc - shift}
    counts = {"gauc": {"users": 604, "users_scored": 571}}
    trial = {"dataset": "ml-1m", "protocol": "cold", "method": name, "seed": seed}
    return {
        "schema": SCHEMA,
        "id": digest(trial)[:32],
        "created": "2024-05-01T10:00:00+00:00",
        "trial": trial,
        "kind": kind,
        "outcome": Outcome().model_dump(mode="json"),
        "identity": {
            "data": "d" * 64,
            "split": "s" * 64,
            "metrics": {"logloss": 1, "auc": 1, "gauc": 1},
        },
        "metrics": {
            key: {"value": v, "reason": "", "counts": counts.get(key, {})}
            for key, v in values.items()
        },
        "validation": {"logloss": logloss + 0.001},
        "cost": {"own": {}, "total": {}} if kind == "bound" else {"own": own, "total": total},
        "details": _details(name, kind),
        "blobs": {},
    }


def _details(name: str, kind: str) -> dict[str, Any]:
    models = [model for model, (of, *_) in TRIALS.items() if of == "base_model"]
    if kind == "bound":
        return {"best_model_share": dict(zip(models, (0.21, 0.3, 0.23, 0.26), strict=True))}
    if kind != "method":
        return {"epochs": 7}
    source = "in-sample" if name == "metaselector" else "out-of-sample"
    valid = {"train_query": 0.5991, "valid_query": 0.6044}
    seen = {
        model: valid if source == "out-of-sample" else valid | {"train_query": 0.5512}
        for model in models
    }
    return {"base_predictions": source, "source_shift": seen, "empty_support_users": 3}


def manifest(records: list[dict[str, Any]], seeds: tuple[int, ...]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "suite": {
            "name": "movielens-1m-cold",
            "digest": "0" * 64,
            "file": "movielens-1m-cold.yaml",
        },
        "started": "2024-05-01T10:00:00+00:00",
        "ended": "2024-05-01T10:30:00+00:00",
        "status": "complete",
        "trials": [
            {**one["trial"], "kind": one["kind"], "record": one["id"], "status": "ok"}
            for one in records
        ],
        "datasets": {
            "ml-1m": {
                "name": "movielens-1m",
                "digest": "d" * 64,
                "source": {"name": "data folder", "url": "", "sha256": ""},
                "label": "rating >= 4",
                "order": "order_in_user",
                "counts": {
                    "rows": 1_000_209,
                    "users": 6040,
                    "items": 3706,
                    "positives": 575_281,
                    "dropped_rows": 0,
                },
                "fields": [],
            }
        },
        "splits": {
            "ml-1m/cold": {
                "users": {"train": 4832, "valid": 604, "test": 604},
                "rows": {
                    "train": {"support": 640_101, "query": 160_012},
                    "valid": {"support": 79_000, "query": 19_800},
                    "test": {"support": 80_259, "query": QUERY_ROWS},
                },
                "setting": "cold",
                "tie_share": 0.513,
            }
        },
        "plugins": {"quarantined": []},
        "primary": "logloss",
        "relaimpr_base": "best-single",
        "metrics": ["auc", "logloss", "relaimpr", "gauc"],
        "tolerance": {},
        "seeds": list(seeds),
    }


def failed(reason: str, status: Status = "error", signal: str | None = None) -> dict[str, Any]:
    """What makes of a record one without a result."""
    ended = Outcome(status=status, signal=signal, reason=reason)
    return {"outcome": ended.model_dump(mode="json"), "metrics": {}, "details": {}}


Edit = Callable[[list[dict[str, Any]], dict[str, Any]], None]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """`make_run(seeds=(0, 1, 2), edit=None)`: a run in memory; `edit(records, manifest)` changes it first."""

    def make(seeds: tuple[int, ...] = (0, 1, 2), edit: Edit | None = None) -> Run:
        records = [record(name, seed) for seed in seeds for name in TRIALS]
        listed = manifest(records, seeds)
        if edit is not None:
            edit(records, listed)
        return Run(tmp_path / "run", listed, tuple(records))

    return make


Change = Callable[[Analysis], Analysis]


@pytest.fixture
def make_analysed(make_run: Callable[..., Run]) -> Callable[..., Run]:
    """`make_analysed(seeds=(0, 1, 2), edit=None, change=None)`: the same with its analysis, which `change` may
    replace: what follows from a verdict is put right, its records too."""

    def make(
        seeds: tuple[int, ...] = (0, 1, 2), edit: Edit | None = None, change: Change | None = None
    ) -> Run:
        run = make_run(seeds, edit)
        found = analysis_of(run)
        return in_agreement(run, found if change is None else change(found))

    return make


@pytest.fixture
def on_disk() -> Callable[[Run], Run]:
    """The same run written to its folder and read back."""

    def write(run: Run) -> Run:
        for one in run.records:
            write_record(run.folder, one)
        write_manifest(run.folder, run.manifest)
        if run.analyses:
            write_analyses(run.folder, load(run.folder).records, run.analyses)
        return load(run.folder)

    return write
