"""The pool's logits for a slot of rows, each row's from the fit that the protocol names for it there."""

from __future__ import annotations

import numpy as np

from bench.data.splits.base_predictions import STAR, FitPlan
from bench.data.splits.split import Part, Role
from bench.errors import PredictionError
from bench.job.steps import SelectStep

__all__ = ["base_logits"]


def base_logits(step: SelectStep, plan: FitPlan, role: Role, part: Part) -> np.ndarray:
    """(n, K) float32 of the n rows of the slot, a column a model of the pool."""
    rows = plan.tasks.rows(role, part)
    variant_of_row = plan.predicted_by(role, part)
    logits = np.full((len(rows), len(step.models)), np.nan, dtype=np.float32)
    for fit in plan.fits:
        own = np.flatnonzero(variant_of_row == fit.variant)
        for column, model in enumerate(step.models):
            logits[own, column] = _predicted(step, plan, model, fit.variant, rows[own])
    missing = np.isnan(logits).any(axis=1)
    if missing.any():
        raise PredictionError(f"{int(missing.sum())} rows have no base prediction")
    return logits


def _predicted(
    step: SelectStep, plan: FitPlan, model: str, variant: str, rows: np.ndarray
) -> np.ndarray:
    """(rows,) logits that a fit left of these rows, which are among those that it predicted."""
    folders = step.fits[model]
    # A model that learns nothing has one answer, star's, which stands for every variant.
    made = STAR if folders[variant] == folders[STAR] else variant
    logits = np.load(folders[variant] / "logits.npy", mmap_mode="r", allow_pickle=False)
    return np.asarray(logits[np.searchsorted(plan.fit(made).predict, rows)])
