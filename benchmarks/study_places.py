"""Runs of the study as its tables need them: by dataset and protocol, with the test rows' labels beside what was predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from bench.evaluate import LOGLOSS_AND_AUC, Resampled, Slice, resample, row_log_loss
from bench.interfaces import Metric
from bench.job.outcome import of_record
from bench.job.resources import Resources
from bench.records import Run, load, read_blob
from bench.registry import load_registry
from bench.run import Watcher
from bench.run.suite_run import plan_suite
from bench.suite import load as load_suite

__all__ = ["Place", "Rows", "read_places"]


class Rows(NamedTuple):
    """Test query rows of one seed."""

    y: np.ndarray  # (n,)
    users: np.ndarray  # (n,)
    history: np.ndarray  # (n,) support rows of the row's user
    logits: Mapping[str, np.ndarray]  # (n,) by method

    def logloss(self, name: str) -> float:
        return float(row_log_loss(self.y, self.logits[name]).mean())


class Place(NamedTuple):
    """One dataset under one protocol: its records, and the n test rows of each seed with what was said of them."""

    dataset: str
    protocol: str
    records: tuple[Mapping[str, Any], ...]
    rows: Mapping[int, Rows]  # by seed

    @property
    def name(self) -> str:
        return f"{self.dataset}/{self.protocol}"

    @property
    def names(self) -> tuple[str, ...]:
        """Methods with a result in some seed."""
        return tuple(dict.fromkeys(name for rows in self.rows.values() for name in rows.logits))

    def seeds(self, *names: str) -> tuple[int, ...]:
        """Those in which all of the methods have a result."""
        return tuple(seed for seed, rows in self.rows.items() if rows.logits.keys() >= set(names))

    @property
    def users(self) -> float:
        """Test users with query rows, mean over seeds."""
        return fmean(len(np.unique(rows.users)) for rows in self.rows.values())

    def logloss(self, name: str) -> float:
        """Mean over the seeds in which the method has a result."""
        return fmean(self.rows[seed].logloss(name) for seed in self.seeds(name))

    def resampled(
        self,
        names: Sequence[str],
        metrics: Sequence[Metric] = LOGLOSS_AND_AUC,
        low: int = 0,
        high: int | None = None,
    ) -> Resampled:
        """On the seeds in which all of the methods have a result; test users with `low` to `high` support rows alone."""
        slices = []
        for seed in self.seeds(*names):
            rows = self.rows[seed]
            inside = (rows.history >= low) & (
                rows.history <= (high if high is not None else rows.history.max())
            )
            logits = np.stack([rows.logits[name][inside] for name in names])
            slices.append(Slice.of_labels(rows.y[inside], rows.users[inside], logits))
        return resample(slices, names, metrics=metrics)


def read_places(
    folder: Path, suite: Path, data_dir: Path | None = None, cache_dir: Path | None = None
) -> list[Place]:
    """The places of a suite, without rows where nothing has a result yet. Raises BenchError where the data are not there,
    NoRunError where the run is not, ValueError where the data or the suite are not those of the run."""
    run, registry = load(folder), load_registry()
    seeds = tuple(sorted({record["trial"]["seed"] for record in run.records}))
    parsed = load_suite(suite, registry)
    _, divisions = plan_suite(
        parsed, registry, data_dir, cache_dir, Resources(), seeds, (), Watcher()
    )
    return [
        _place(run, at, seeds, divisions) for at in dict.fromkeys((d, p) for d, p, _ in divisions)
    ]


def _place(
    run: Run, at: tuple[str, str], seeds: tuple[int, ...], divisions: Mapping[Any, Any]
) -> Place:
    records = tuple(r for r in run.records if (r["trial"]["dataset"], r["trial"]["protocol"]) == at)
    rows = {}
    for seed in seeds:
        logits = {
            r["trial"]["method"]: read_blob(run.folder, r["blobs"]["logits"])
            for r in records
            if r["trial"]["seed"] == seed and of_record(r).ok and r["kind"] != "bound"
        }
        if logits:
            test = divisions[(*at, seed)].test_rows
            rows[seed] = Rows(test.y, test.users, test.history, logits)
    _check_losses(records, rows)
    return Place(*at, records, rows)


def _check_losses(records: Sequence[Mapping[str, Any]], rows: Mapping[int, Rows]) -> None:
    """The labels at hand are those that the run was scored on."""
    for record in records:
        trial = record["trial"]
        if trial["seed"] in rows and trial["method"] in rows[trial["seed"]].logits:
            recorded = record["metrics"]["logloss"]["value"]
            if not math.isclose(
                rows[trial["seed"]].logloss(trial["method"]), recorded, rel_tol=1e-9
            ):
                raise ValueError(
                    f"{trial['method']}, seed {trial['seed']}: the log loss is not the one recorded, {recorded}; run the "
                    "suite again, since its data or its protocol have changed"
                )
