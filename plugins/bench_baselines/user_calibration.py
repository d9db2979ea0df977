"""The trivial personalisation that every other method has to beat: a user's own intercept and slope on the average's logit."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench.learn import calibrate_by_user, choose_strengths
from bench_baselines._losses import average_logits, known_labels


class UserCalibration(Selector):
    """Per user an intercept and a slope on the average's logit, fitted on the support by ridge-penalised logistic regression.

    The slope is shrunk towards 1 and the intercept towards 0, each with the strength that does best on validation users'
    query (all pairs of `strengths` are tried). A user without support keeps the average's logit."""

    name = "user-calibration"

    class Params(PluginParams):
        slope: bool = Field(True, description="fit a slope beside the intercept")
        strengths: tuple[Annotated[float, Field(ge=1e-3, le=1e9)], ...] = Field(
            (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
            min_length=1,
            description="ridge strengths to choose from",
        )

    params: Params
    chosen: dict[str, float]
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        intercepts = self.params.strengths
        slopes = intercepts if self.params.slope else (np.inf,)
        query = average_logits(valid.query_base_logits), known_labels(valid.query), valid.query_ptr
        self._strengths = choose_strengths(*_support(valid), *query, intercepts, slopes)
        self.details = {"candidates": len(intercepts) * len(slopes)}
        self.chosen = {
            f"{coefficient}_strength": strength
            for coefficient, strength in self._strengths._asdict().items()
            if np.isfinite(strength)
        }

    def predict(self, tasks: Tasks) -> Selection:
        averaged = average_logits(tasks.query_base_logits)
        return Selection(
            logits=calibrate_by_user(*_support(tasks), averaged, tasks.query_ptr, self._strengths)
        )


def _support(tasks: Tasks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The average's logits, labels and pointer."""
    return average_logits(tasks.support_base_logits), known_labels(tasks.support), tasks.support_ptr
