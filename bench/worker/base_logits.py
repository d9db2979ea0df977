"""The pool's logits for every slot of rows, each row's from the fit that the protocol names for it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.data.paged import blocks, copied, new_array
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
        for made_by, serves in _answers(step, plan, model).items():
            rows = plan.fit(made_by).predict
            logits = KeptFolder(step.fits[model][made_by]).array("logits")
            for slot in slots.values():
                slot.fill(column, serves, rows, logits)
    missing = sum(slot.missing() for slot in slots.values())
    if missing:
        raise PredictionError(f"{missing} rows have no base prediction")
    return {name: slot.logits for name, slot in slots.items()}


class _Slot(NamedTuple):
    rows: np.ndarray  # (n,)
    fit_of_row: np.ndarray  # (n,) its place among the plan's fits
    logits: np.ndarray  # (n, K) float32, to be filled

    def fill(
        self, column: int, fits: Sequence[int], predicted: np.ndarray, logits: np.ndarray
    ) -> None:
        """From the logits of the rows `predicted`, those of the rows that are of one of the fits."""
        for rows in blocks(len(self.rows)):
            own = np.flatnonzero(np.isin(self.fit_of_row[rows], fits))
            places = np.searchsorted(predicted, self.rows[rows][own])
            self.logits[rows][own, column] = logits[places]

    def missing(self) -> int:
        """How many rows lack a logit."""
        return sum(
            int(np.isnan(self.logits[rows]).any(axis=1).sum()) for rows in blocks(len(self.rows))
        )


def _slot(step: SelectStep, plan: FitPlan, role: Role, part: Part) -> _Slot:
    slot_rows = copied(plan.tasks.rows(role, part))
    fits = [fit.variant for fit in plan.fits]
    fit_of_row = np.empty(len(slot_rows), np.min_scalar_type(len(fits)))
    logits = new_array((len(slot_rows), len(step.models)), np.float32)
    for rows in blocks(len(slot_rows)):
        logits[rows] = np.nan
        variants, place = np.unique(
            plan.predicted_by(role, part, slot_rows[rows]), return_inverse=True
        )
        fit_of_row[rows] = np.array([fits.index(variant) for variant in variants])[place]
    return _Slot(slot_rows, fit_of_row, logits)


def _answers(step: SelectStep, plan: FitPlan, model: str) -> Mapping[str, Sequence[int]]:
    """Variant whose logits are read to the places of the fits that they stand for: a model that learns nothing has one answer,
    star's, which stands for every variant."""
    folders = step.fits[model]
    answers: dict[str, list[int]] = {}
    for number, fit in enumerate(plan.fits):
        made_by = STAR if folders[fit.variant] == folders[STAR] else fit.variant
        answers.setdefault(made_by, []).append(number)
    return answers
