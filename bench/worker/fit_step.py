"""The fit step: a base model on the rows of one variant, and its logits for the rows that fall to it."""

from __future__ import annotations

import numpy as np

from bench.data.paged import blocks
from bench.data.splits.base_predictions import STAR, Fit
from bench.data.splits.split import ROLES, Split
from bench.data.views.rows import View
from bench.evaluate.metrics.predictions import check_logits
from bench.interfaces import Model
from bench.job.seeds import step_seed
from bench.job.steps import FitStep
from bench.learn import FittedModel
from bench.worker import details
from bench.worker.clock import Clock
from bench.worker.files_read import unchanged
from bench.worker.inputs import Inputs, Progress, context, make_model
from bench.worker.made import Made
from bench.worker.notes import notes_of

__all__ = ["fit_step"]


def fit_step(step: FitStep, inputs: Inputs, progress: Progress) -> Made:
    fit = inputs.plan.fit(step.variant)
    model = make_model(step.model, inputs, progress)
    seed = step_seed(step.seed, f"fit {step.variant}", step.model.use, step.model.params)
    train, valid = _training_views(fit, inputs, seed, differentiable=isinstance(model, FittedModel))
    calling = inputs.plugins.calling
    if isinstance(model, FittedModel):
        with calling(f"building base model {step.model.use!r}"):
            model.prepare(train.fields)  # compiles, off the clock
    asked = _asked(fit, inputs.split, model)
    predicted = inputs.task_view(fit.predict[asked], labelled=False)
    with unchanged(step.files):
        with calling(f"fit of base model {step.model.use!r}"), Clock() as fitting:
            model.fit(train, valid, context(step, seed, step.paths))
        with calling(f"predict of base model {step.model.use!r}"), Clock() as predicting:
            answer = model.predict(predicted)
    logits = np.full(len(asked), np.nan, dtype=check_logits(answer, len(predicted)).dtype)
    logits[asked] = answer

    notes = notes_of(model, f"base model {step.model.use!r}")
    warned = details.warnings(step.resources.threads, fitting, inputs.plugins.changes)
    trained_rows = len(train) if notes.history is None else notes.history.rows
    return Made(
        arrays={"logits": logits},
        cost=details.cost(fitting, trained_rows, predicting, len(predicted)),
        details={**notes.details, **notes.epochs(), **warned},
        software=notes.software,
        save_parameters=model.save
        if isinstance(model, FittedModel) and step.variant == STAR
        else None,
    )


def _asked(fit: Fit, split: Split, model: Model | FittedModel) -> np.ndarray:
    """(rows to predict,) bool: all of them; of a model that learns nothing those alone that some task has."""
    if not isinstance(model, Model) or model.learns:
        return np.ones(int(fit.predicts().sum()), dtype=bool)
    in_tasks = np.zeros(len(split.in_query), dtype=bool)
    for role in ROLES:
        in_tasks[split.rows(role, "support")] = in_tasks[split.rows(role, "query")] = True
    return np.asarray(in_tasks[fit.predicts()])


def _training_views(
    fit: Fit, inputs: Inputs, seed: int, *, differentiable: bool
) -> tuple[View, View]:
    """A plain model's training rows hide users once, by seed; the training loop draws anew for every batch."""
    chance = 0.0 if differentiable else inputs.split.id_dropout
    rows, generator = fit.train, np.random.default_rng(seed)
    hidden: bool | np.ndarray = False
    if chance:
        hidden = np.empty(len(rows), dtype=bool)
        for part in blocks(len(rows)):
            hidden[part] = generator.random(len(rows[part])) < chance
    valid = inputs.task_view(inputs.split.rows("valid", "query"), labelled=True)
    return inputs.view(rows, labelled=True, hide_users=hidden), valid
