"""The fit step: a base model on the rows of one variant, and its logits for the rows that fall to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.splits.base_predictions import STAR, Fit, fits
from bench.data.splits.split import ROLES, Split
from bench.data.views.rows import View
from bench.evaluate import check_logits
from bench.interfaces import Context, Model
from bench.job.seeds import step_seed
from bench.job.steps import FitStep
from bench.learn import FittedModel
from bench.worker import details as told
from bench.worker.clock import Clock
from bench.worker.inputs import Given, Progress, make_model

__all__ = ["PARAMETERS", "fit_step"]

PARAMETERS = "parameters.safetensors"


def fit_step(step: FitStep, given: Given, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    fit = _planned(step, given.split)
    model = make_model(step.model, given, progress)
    seed = step_seed(step.seed, f"fit {step.variant}", step.model.use, step.model.params)
    train, valid = _training_views(fit, given, seed, differentiable=isinstance(model, FittedModel))
    with Clock() as fitting:
        model.fit(train, valid, Context(seed, step.threads, "cpu", step.folder.parent, step.files))
    asked = _asked(fit, given.split, model)
    predicted = given.task_view(fit.predict[asked], labelled=False)
    with Clock() as predicting:
        answer = model.predict(predicted)
    logits = np.full(len(fit.predict), np.nan, dtype=check_logits(answer, len(predicted)).dtype)
    logits[asked] = answer
    arrays: dict[str, Any] = {"logits": logits}
    if isinstance(model, FittedModel) and step.variant == STAR:
        arrays[PARAMETERS] = model.save
    history = getattr(model, "history", None)
    details = dict(getattr(model, "details", {}))
    if history is not None:
        details |= {
            "epochs": history.epochs,
            "best_epoch": history.best_epoch,
            "valid_logloss": list(history.valid_logloss),
        }
    rows = len(train) if history is None else history.rows
    return arrays, {
        "cost": told.cost(fitting, rows, predicting, len(predicted)),
        "details": details | told.warnings(answer),
    }


def _planned(step: FitStep, split: Split) -> Fit:
    planned = fits(split, step.base_predictions, step.folds, step.fold_seed)
    return next(fit for fit in planned if fit.variant == step.variant)


def _asked(fit: Fit, split: Split, model: Model | FittedModel) -> np.ndarray:
    """(rows to predict,) bool: all of them; of a model that learns nothing those alone that some task has."""
    if getattr(model, "learns", True):
        return np.ones(len(fit.predict), dtype=bool)
    in_tasks = np.zeros(len(split.in_query), dtype=bool)
    for role in ROLES:
        in_tasks[split.rows(role, "support")] = in_tasks[split.rows(role, "query")] = True
    return np.asarray(in_tasks[fit.predict])


def _training_views(fit: Fit, given: Given, seed: int, *, differentiable: bool) -> tuple[View, View]:
    """A plain model's training rows hide users once, by seed; the training loop draws anew for every batch."""
    chance = 0.0 if differentiable else given.split.id_dropout
    hidden = np.random.default_rng(seed).random(len(fit.train)) < chance
    valid = given.task_view(given.split.rows("valid", "query"), labelled=True)
    return given.view(fit.train, labelled=True, hide_users=hidden), valid
