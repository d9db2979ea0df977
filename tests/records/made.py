"""A small run on disk, made without running anything, and files of it changed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.job.outcome import Outcome
from bench.records import (
    SCHEMA,
    digest,
    load,
    write_analyses,
    write_beside,
    write_manifest,
    write_record,
)

METHODS = ("lr", "fm", "average")


def make_run(folder: Path) -> Path:
    """A complete run of three trials with an analysis."""
    for name in METHODS:
        write_record(folder, record(name))
    trials = [
        {**record(name)["trial"], "kind": "base_model", "id": identity(name), "asked": True,
         "record": identity(name), "status": "ok"}
        for name in METHODS
    ]  # fmt: skip
    write_manifest(folder, manifest(trials))
    write_analyses(folder, load(folder).records, {"ml/cold": {"lead": "lr"}}, {})
    write_companions(folder)
    return folder


def write_companions(folder: Path, datasets: dict[str, Any] | None = None) -> None:
    """suite.yaml and data.json, as a run of these methods and of the manifest's datasets writes them."""
    lines = [
        "# As it was run", "version: 1", 'name: "made"', "datasets:", '  "ml": {"use": "table"}', "protocols:",
        '  "cold": {"use": "user-holdout", "split_seed": 0}', "base_models:",
        *(f'  "{name}": {{"use": "{name}"}}' for name in METHODS), "methods: {}", "seeds: [0]", 'metrics: ["auc"]',
    ]  # fmt: skip
    write_beside(folder / "suite.yaml", "\n".join(lines) + "\n")
    write_beside(folder / "data.json", {"schema": SCHEMA, "datasets": datasets or {}})


def manifest(trials: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "suite": {"name": "made", "digest": "0" * 64, "file": "made.yaml"},
        "status": "complete",
        "trials": trials,
        "datasets": {},
        "splits": {},
        "plugins": {"quarantined": []},
        "primary": "logloss",
        "relaimpr_base": "best-single",
        "metrics": ["auc", "logloss"],
        "tolerance": {},
        "seeds": [0],
    }


def identity(name: str) -> str:
    return digest(name)[:32]


def record(name: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": identity(name),
        "trial": {"dataset": "ml", "protocol": "cold", "method": name, "seed": 0},
        "kind": "base_model",
        "outcome": Outcome().model_dump(mode="json"),
        "identity": {"data": "d" * 64, "split": "s" * 64, "metrics": {"auc": 1, "logloss": 1}},
        "metrics": {key: {"value": 0.5, "reason": "", "counts": {}} for key in ("auc", "logloss")},
        "validation": {"logloss": 0.5},
        "cost": {"own": {"train_cpu_s": 2.0, "predict_cpu_s": 0.5}, "total": {}},
        "details": {},
        "blobs": {},
    }


def edit(path: Path, change: Callable[[Any], object], *, seal: bool) -> None:
    """Change a JSON file in place; `seal`: as who knows how, so that its digest is right again."""
    value = json.loads(path.read_text("utf-8"))
    change(value)
    if seal:
        value["digest"] = digest({key: item for key, item in value.items() if key != "digest"})
    path.write_text(json.dumps(value), "utf-8")
