"""The trivial personalisation that every other method has to beat: a user's own intercept and slope on the average's logit.

Platt scaling (1999), a regression a user, shrunk towards doing nothing."""

from __future__ import annotations

from itertools import product
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from bench.interfaces import Context, PluginParams, Selection, Selector, Tasks
from bench_baselines._calibrate import Strengths, Support, calibrate, calibrated
from bench_baselines._losses import average_logits, known_labels, log_losses


class UserCalibration(Selector):
    """Per user an intercept and a slope on the average's logit, fitted on the support by ridge-penalised logistic regression.

    The slope is shrunk towards 1 and the intercept towards 0, each with the strength that does best on validation users'
    query (all pairs of `strengths` are tried). A user without support keeps the average's logit."""

    name = "user-calibration"

    class Params(PluginParams):
        slope: bool = Field(True, description="fit a slope beside the intercept")
        strengths: tuple[Annotated[float, Field(ge=1e-3, le=1e9)], ...] = Field(
            (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), min_length=1, description="ridge strengths to choose from"
        )

    params: Params
    chosen: dict[str, float]
    details: dict[str, int]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        candidates, averaged, labels = self._candidates(), _averaged(valid), known_labels(valid.query)
        losses = [log_losses(_query_logits(averaged, strengths), labels).mean() for strengths in candidates]
        self._strengths = candidates[int(np.argmin(losses))]
        self.details = {"candidates": len(candidates)}
        self.chosen = {
            f"{coefficient}_strength": strength
            for coefficient, strength in self._strengths._asdict().items()
            if np.isfinite(strength)
        }

    def predict(self, tasks: Tasks) -> Selection:
        return Selection(logits=_query_logits(_averaged(tasks), self._strengths))

    def _candidates(self) -> list[Strengths]:
        """From the strongest on, so that a tie goes to the one that does least."""
        strengths = sorted(self.params.strengths, reverse=True)
        return [Strengths(*pair) for pair in product(strengths, strengths if self.params.slope else [np.inf])]


class _Averaged(NamedTuple):
    """The average's logit on every user's rows: all that a calibration reads, computed once for all candidates."""

    support: Support
    query_logits: np.ndarray  # (n,) float64
    query_ptr: np.ndarray


def _averaged(tasks: Tasks) -> _Averaged:
    support = Support(average_logits(tasks.support_base_logits), known_labels(tasks.support), tasks.support_ptr)
    return _Averaged(support, average_logits(tasks.query_base_logits), tasks.query_ptr)


def _query_logits(averaged: _Averaged, strengths: Strengths) -> np.ndarray:
    """(n,) logits of the query rows, after calibration on each user's support."""
    return calibrated(averaged.query_logits, averaged.query_ptr, calibrate(averaged.support, strengths))
