"""How long a step may take, from steps like it that were timed: those in the cache, and those behind the run's records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.data.splits.base_predictions import FitPlan
from bench.errors import StorageError
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.job.steps import RESULT, FitStep, SelectStep
from bench.records import read_record
from bench.run.planning.division import Division
from bench.run.planning.trials import Plan
from bench.storage.kept import KeptFolder

__all__ = ["seconds_of"]

_Kind = tuple[str, ...]  # of step, dataset and plugins: steps of one kind are timed alike


def seconds_of(
    planned: Plan, wanted: Iterable[str], cached: Iterable[str], run: Path
) -> dict[str, float]:
    """CPU seconds of those wanted steps of whose kind one was timed: for a fit the median time a training row times its own
    rows, for a method the median."""
    divisions = {trial.division.folder: trial.division for trial in planned.trials}
    rows = _Rows(divisions)
    rates: dict[_Kind, list[float]] = defaultdict(list)
    for identity in cached:
        step = planned.steps[identity]
        if (cost := _cost(step.folder)) is not None:
            rates[_kind(step, divisions)].append(cost / rows.of(step))
    recorded = _recorded(planned, rows, run)
    known = {}
    for identity in wanted:
        step = planned.steps[identity]
        if samples := rates.get(kind := _kind(step, divisions)) or recorded.get(kind):
            known[identity] = median(samples) * rows.of(step)
    return known


class _Rows:
    """Training rows of fits, counted once for each split and source of base predictions."""

    def __init__(self, divisions: Mapping[Path, Division]) -> None:
        self._divisions = divisions
        self._counted: dict[tuple[Any, ...], dict[str, int]] = {}

    def of(self, step: FitStep | SelectStep) -> int:
        """1 for a method: what it learns from is the same for all of a division."""
        if isinstance(step, SelectStep):
            return 1
        key = (step.split, step.source)
        if key not in self._counted:
            fits = FitPlan(self._divisions[step.split].split, step.source).fits
            self._counted[key] = {fit.variant: max(1, len(fit.train)) for fit in fits}
        return self._counted[key].get(step.variant, 1)

    def of_star(self, division: Division) -> int:
        """Of the fit on all that a base model may see."""
        return max(1, int(division.plan.star_rows.sum()))


def _kind(step: FitStep | SelectStep, divisions: Mapping[Path, Division]) -> _Kind:
    data = divisions[step.split].interactions.digest
    if isinstance(step, FitStep):
        return "fit", data, step.model.use
    return _kind_of_method(data, step.method)


def _kind_of_method(data: str, method: MethodSpec) -> _Kind:
    """What a method's time hangs on: adapting base models too takes many times as long, and so does every inner step."""
    kind: _Kind = ("select", data, method.selector.use)
    learner = method.meta_learner
    if learner is None:
        return kind
    return (
        *kind,
        learner.use,
        "full" if learner.full else "simplified",
        str(learner.params.get("inner_steps", "")),
    )


def _recorded(planned: Plan, rows: _Rows, run: Path) -> dict[_Kind, list[float]]:
    """Rates from records of earlier runs in this folder, whatever their other settings were."""
    by_data = {trial.division.interactions.digest: trial.division for trial in planned.trials}
    found: dict[_Kind, list[float]] = defaultdict(list)
    for file in sorted((run / "records").glob("*.json")):
        try:
            record = read_record(file)
            cost, identity = _seconds(record["cost"]["own"]), record["identity"]
            data, settings = identity["data"], identity["settings"]
            if cost is None or data not in by_data:
                continue
            if record["kind"] == "base_model":
                use = BaseModelSpec.model_validate(settings).use
                found["fit", data, use].append(cost / rows.of_star(by_data[data]))
            elif record["kind"] == "method":
                found[_kind_of_method(data, MethodSpec.model_validate(settings))].append(cost)
        except (StorageError, ValueError, KeyError, TypeError):
            continue  # an estimate does without it; who reads the run is told
    return found


def _cost(folder: Path) -> float | None:
    try:
        return _seconds(KeptFolder(folder).json(RESULT)["cost"])
    except (StorageError, ValueError, KeyError, TypeError):
        return None  # an estimate does without it; the run itself makes such a step anew


def _seconds(cost: Mapping[str, Any]) -> float | None:
    """CPU seconds of fitting and predicting."""
    parts = [cost.get("train_cpu_s"), cost.get("predict_cpu_s")]
    return None if parts[0] is None else float(np.sum([part or 0.0 for part in parts]))
