"""The pool's logits for every slot of rows, each row's from the fit that the protocol names for it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bench.data.splits.base_predictions import STAR, FitPlan
from bench.data.splits.split import ROLES, Part, Role
from bench.errors import PredictionError
from bench.job.steps import SelectStep
from bench.storage.kept import KeptFolder

__all__ = ["base_logits"]


def base_logits(step: SelectStep, plan: FitPlan) -> Mapping[tuple[Role, Part], np.ndarray]:
    """By slot, (n, K) float32 of its n rows, a column a model of the pool. Every fit's logits are read once.

    Raises DamagedCacheError where they are not what the fit left."""
    parts: tuple[Part, ...] = ("support", "query")
    slots = {(role, part): _slot(step, plan, role, part) for role in ROLES for part in parts}
    for column, model in enumerate(step.models):
        predictions = _predictions(step, model)
        for fit in plan.fits:
            made_by = _made_by(step, model, fit.variant)
            for slot in slots.values():
                own = np.flatnonzero(slot.variant_of_row == fit.variant)
                places = np.searchsorted(plan.fit(made_by).predict, slot.rows[own])
                slot.logits[own, column] = predictions[made_by][places]
    for slot in slots.values():
        missing = np.isnan(slot.logits).any(axis=1)
        if missing.any():
            raise PredictionError(f"{int(missing.sum())} rows have no base prediction")
    return {name: slot.logits for name, slot in slots.items()}


class _Slot(NamedTuple):
    rows: np.ndarray  # (n,)
    variant_of_row: np.ndarray  # (n,) names
    logits: np.ndarray  # (n, K) float32, to be filled


def _slot(step: SelectStep, plan: FitPlan, role: Role, part: Part) -> _Slot:
    rows = plan.tasks.rows(role, part)
    unknown = np.full((len(rows), len(step.models)), np.nan, dtype=np.float32)
    return _Slot(rows, plan.predicted_by(role, part), unknown)


def _made_by(step: SelectStep, model: str, variant: str) -> str:
    """A model that learns nothing has one answer, star's, which stands for every variant."""
    folders = step.fits[model]
    return STAR if folders[variant] == folders[STAR] else variant


def _predictions(step: SelectStep, model: str) -> Mapping[str, np.ndarray]:
    """Variant to the logits that its fit left, of the rows that it predicted."""
    folders = step.fits[model]
    return {
        variant: KeptFolder(folders[variant]).array("logits")
        for variant in {_made_by(step, model, variant): None for variant in folders}
    }
