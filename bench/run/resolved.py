"""Beside a run's records: the suite as it was run, and what its data were made of. Nothing in them hangs on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.data.views.interactions import Interactions
from bench.job.code import harness_digest
from bench.records import SCHEMA, write_beside
from bench.registry import Registry
from bench.scoring.division import Divisions
from bench.suite import Suite, resolved

__all__ = ["write_resolved"]

_TOLD = (
    "name", "source", "digest", "label", "drop", "order", "split", "counts", "fields", "categories", "missing", "warnings",
)  # fmt: skip


def write_resolved(
    run: Path, suite: Suite, registry: Registry, divisions: Divisions, seeds: Sequence[int]
) -> None:
    """Make or replace RUN/suite.yaml and RUN/data.json. `seeds`: that were asked for, now or before. Raises StorageError."""
    write_beside(run / "suite.yaml", resolved(suite, seeds))
    datasets = {division.dataset: division.interactions for division in divisions.values()}
    made = {name: _dataset(suite, registry, name, held) for name, held in datasets.items()}
    write_beside(
        run / "data.json", {"schema": SCHEMA, "harness": harness_digest(), "datasets": made}
    )


def _dataset(
    suite: Suite, registry: Registry, name: str, interactions: Interactions
) -> dict[str, Any]:
    """What was asked for, with which code, and what came of it; source: the files' sha256, as they lie."""
    spec = suite.datasets[name]
    told = {key: interactions.meta[key] for key in _TOLD if key in interactions.meta}
    code = registry.code("datasets", spec.use)
    plugin = {"version": code.version, "digest": code.digest}  # its origin may be a path
    return {"use": spec.use, "params": dict(spec.params), "plugin": plugin} | told
