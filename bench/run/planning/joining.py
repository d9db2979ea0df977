"""Files of predictions, joined to the rows of every division before anything is fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.builtin.predictions import Predictions
from bench.data.splits.split import ROLES, Split
from bench.data.views.rows import View
from bench.errors import DataError
from bench.job.steps import FitStep
from bench.registry import Registry
from bench.run.planning.trials import Plan, Trial
from bench.storage.kept import KeptFolder
from bench.worker.inputs import context, make_plugin

__all__ = ["check_predictions"]


def check_predictions(planned: Plan, registry: Registry) -> None:
    """Join each file once to each division that has a trial of it; a fit that is cached was joined before.

    Raises DataError, with the counts of rows that have no score, or the line of one that is none."""
    joined: set[tuple[str, Path]] = set()
    for trial in planned.trials:
        step = (
            planned.steps[trial.own]
            if trial.kind == "base_model" and trial.own is not None
            else None
        )
        if not isinstance(step, FitStep) or KeptFolder(step.folder).looks_whole():
            continue
        if (trial.method, step.split) not in joined and registry.load(
            "models", step.model.use
        ) is Predictions:
            joined.add((trial.method, step.split))
            _join(trial, step, registry)


def _join(trial: Trial, step: FitStep, registry: Registry) -> None:
    model = make_plugin(registry, "models", step.model.use, step.model.params)
    rows = View(trial.division.interactions, _rows_of_tasks(trial.division.split))
    model.fit(rows, rows, context(step, 0, step.paths))
    try:
        model.predict(rows)
    except DataError as error:
        what = f"base model {trial.method!r} on {trial.division.name}"
        raise error.within(what) from error


def _rows_of_tasks(split: Split) -> np.ndarray:
    """Support and query rows of all roles: those that some method asks for."""
    return np.unique(
        np.concatenate([split.rows(role, part) for role in ROLES for part in ("support", "query")])
    )
