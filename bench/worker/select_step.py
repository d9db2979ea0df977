"""The select step: a method over the pool, fitted on training users' tasks, and its logits for test users' query."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.data.splits.base_predictions import STAR, fits, sources, task_split
from bench.data.splits.split import ROLES, Part, Role, Split
from bench.data.views.last_support import last_support
from bench.data.views.rows import TaskView
from bench.errors import PredictionError
from bench.evaluate import check_logits, check_weights, mixture_logits
from bench.interfaces import Context, Selection, Selector
from bench.job.seeds import step_seed
from bench.job.steps import SelectStep
from bench.learn import DifferentiableSelector, FittedModel, Gating, MetaLearned
from bench.worker import details as told
from bench.worker.calibrating import calibrated, fit_calibration
from bench.worker.clock import Clock
from bench.worker.fit_step import PARAMETERS
from bench.worker.inputs import Given, Progress, make_model, make_params, make_plugin

__all__ = ["select_step"]


def select_step(step: SelectStep, given: Given, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    split = task_split(given.split, step.base_predictions, step.fold_seed)
    predicted = _Predicted(step, given.split)
    train, valid, test = (_tasks(step, given, split, predicted, role) for role in ROLES)
    selector = _selector(step, given, progress)
    seed = step_seed(step.seed, "select", step.selector.use, step.selector.params)
    if isinstance(selector, MetaLearned):
        selector.prepare()
    with Clock() as fitting:
        selector.fit(train, valid, Context(seed, step.threads, "cpu", step.folder.parent))

    def ask(tasks: TaskView) -> np.ndarray:
        return _ask(selector, tasks)[0]

    valid_logits, calibration = ask(valid.without_query_labels()), None
    if step.calibrate is not None:
        with fitting:
            calibration = fit_calibration(ask, valid, valid_logits, step.fold_seed)
        valid_logits = calibration.valid
    with Clock() as predicting:
        logits, weights = _ask(selector, test)
        if calibration is not None:
            logits = calibrated(ask, test, logits, calibration.strengths, step.fold_seed)
            weights = None  # what they mixed is calibrated since
    arrays = {"logits": logits} if weights is None else {"logits": logits, "weights": weights}
    if isinstance(selector, MetaLearned):
        arrays |= _interpreted(selector, test)
    details = {
        **told.history(selector),
        **({} if calibration is None else calibration.details),
        **told.warnings(logits),
        "base_predictions": step.base_predictions,
        "training": {
            "users": len(train.query_ptr) - 1,
            "support_rows": len(train.support),
            "query_rows": len(train.query),
        },
        "source_shift": told.source_shift(train, valid),
        **({} if step.support_rows is None else {"support_rows": step.support_rows}),
        "empty_support_users": int((np.diff(test.support_ptr) == 0).sum()),
        "empty_query_users": given.split.untested,
    }
    cost = told.cost(fitting, _rows_trained(selector, train), predicting, len(test.query))
    return arrays, {
        "cost": {**cost, "trained_users": getattr(selector, "trained_users", None)},
        "details": details,
        "versions": getattr(selector, "software", {}),
        "valid_logloss": told.logloss(valid, valid_logits),
    }


class _Predicted:
    """Base logits of any slot, each row from the fit that the protocol names for it there."""

    def __init__(self, step: SelectStep, split: Split) -> None:
        self._step, self._split = step, split
        self._tasks = task_split(split, step.base_predictions, step.fold_seed)
        self._rows = {
            fit.variant: fit.predict for fit in fits(split, step.base_predictions, step.folds, step.fold_seed)
        }

    def of(self, role: Role, part: Part) -> np.ndarray:
        """(n, K) float32 of the slot's rows."""
        step, rows = self._step, self._tasks.rows(role, part)
        source = sources(self._split, step.base_predictions, step.folds, step.fold_seed, role, part)
        logits = np.full((len(rows), len(step.models)), np.nan, dtype=np.float32)
        for variant in self._rows:
            own = np.flatnonzero(source == variant)
            for column, model in enumerate(step.models):
                logits[own, column] = self._predicted(model, variant, rows[own])
        if np.isnan(logits).any():
            raise PredictionError(f"{int(np.isnan(logits).any(axis=1).sum())} rows have no base prediction")
        return logits

    def _predicted(self, model: str, variant: str, rows: np.ndarray) -> np.ndarray:
        """A model that learns nothing has one answer for every slot."""
        folders = self._step.fits[model]
        made = STAR if folders[variant] == folders[STAR] else variant
        logits = np.load(folders[variant] / "logits.npy", mmap_mode="r", allow_pickle=False)
        return np.asarray(logits[np.searchsorted(self._rows[made], rows)])


def _tasks(step: SelectStep, given: Given, split: Split, predicted: _Predicted, role: Role) -> TaskView:
    """Test users' query labels are withheld. With `support_rows`, validation and test users keep their last ones alone."""
    support, query = split.rows(role, "support"), split.rows(role, "query")
    tasks = TaskView(
        models=step.models,
        support=given.task_view(support, labelled=True),
        query=given.task_view(query, labelled=role != "test"),
        support_ptr=split.pointer(role, "support"),
        query_ptr=split.pointer(role, "query"),
        support_base_logits=predicted.of(role, "support"),
        query_base_logits=predicted.of(role, "query"),
    )
    return tasks if step.support_rows is None or role == "train" else last_support(tasks, step.support_rows)


def _selector(step: SelectStep, given: Given, progress: Progress) -> Selector | Gating | MetaLearned:
    plugin = make_plugin(given.registry, "selectors", step.selector.use, step.selector.params)
    if not isinstance(plugin, DifferentiableSelector):
        return plugin  # type: ignore[no-any-return]
    if step.meta_learner is None:
        return Gating(plugin, step.selector.train, progress, step.select)
    part = step.meta_learner
    rule = given.registry.load("meta_learners", part.use)
    return MetaLearned(
        rule,
        make_params(rule.Params, part.params),
        plugin,
        step.selector.train,
        part.train,
        pool={name: _restored(step, given, name) for name in step.models} if part.full else None,
        adapt=part.adapt,
        frozen_fields=part.frozen_fields,
        select=step.select,
        progress=progress,
    )


def _restored(step: SelectStep, given: Given, name: str) -> FittedModel:
    """A base model as its star fit left it."""
    model = make_model(step.pool[name], given, lambda _: None)
    assert isinstance(model, FittedModel), "the suite's check refuses others"
    star = fits(given.split, step.base_predictions, step.folds, step.fold_seed)[0]
    model.restore(step.fits[name][STAR] / PARAMETERS, given.view(star.train, labelled=True), seed=0)
    return model


def _ask(selector: Selector | Gating | MetaLearned, tasks: TaskView) -> tuple[np.ndarray, np.ndarray | None]:
    selection = selector.predict(tasks)
    return _answer(selection, tasks, getattr(selector, "weights", None))


def _interpreted(selector: MetaLearned, tasks: TaskView) -> dict[str, np.ndarray]:
    """What adaptation did, off the clock: prediction is timed without it."""
    found = selector.interpret(tasks)
    arrays = {"support_losses": found.support_losses, "movements": found.movements}
    for when, adapted in (("before", found.before), ("after", found.after)):
        arrays[f"logits_{when}"], _ = _answer(selector.selection(adapted), tasks, None)
        arrays[f"weights_{when}"] = adapted.weights
    return arrays


def _answer(selection: Selection, tasks: TaskView, beside: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Logits (n,), and weights (n, K) where there are any: of the selection, or beside logits of an adapted pool."""
    if (selection.weights is None) == (selection.logits is None):
        raise PredictionError("a selection holds weights or logits, exactly one of them")
    if selection.logits is not None:
        check_logits(selection.logits, len(tasks.query))
        return selection.logits, beside
    weights = check_weights(selection.weights, len(tasks.query), len(tasks.models))
    return mixture_logits(weights, tasks.query_base_logits), weights


def _rows_trained(selector: Any, train: TaskView) -> int:
    history = getattr(selector, "history", None)
    return len(train.query) if history is None else int(history.rows)
