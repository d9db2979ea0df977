"""The select step: a method over the pool, fitted on training users' tasks, and its logits for test users' query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.data.splits.base_predictions import STAR
from bench.data.splits.split import ROLES, Part, Role
from bench.data.views.last_support import last_support
from bench.data.views.rows import TaskView
from bench.errors import PredictionError
from bench.evaluate.metrics.mixture import mixture_logits
from bench.evaluate.metrics.predictions import check_logits, check_weights
from bench.interfaces import Selection, Selector
from bench.job.seeds import step_seed
from bench.job.steps import SelectStep
from bench.learn import DifferentiableSelector, FittedModel, Gating, MetaLearned
from bench.storage.kept import KeptFolder
from bench.worker import details
from bench.worker.base_logits import base_logits
from bench.worker.calibrating import Calibration, calibrated, fit_calibration
from bench.worker.clock import Clock
from bench.worker.inputs import Inputs, Progress, context, make_model, make_params, make_plugin
from bench.worker.made import PARAMETERS, Made
from bench.worker.notes import Notes, notes_of

__all__ = ["select_step"]

AnySelector = Selector | Gating | MetaLearned


def select_step(step: SelectStep, inputs: Inputs, progress: Progress) -> Made:
    tasks = _all_tasks(step, inputs)
    selector = _selector(step, inputs, progress)
    calling = inputs.plugins.calling
    with calling(f"fit of selector {step.method.selector.use!r}"):
        fitting = _fit(selector, step, tasks)
    with calling(f"predict of selector {step.method.selector.use!r}"):
        valid_logits, calibration = _calibrate(selector, step, tasks.valid, fitting)

    handed = tasks.test.copy()
    with calling(f"predict of selector {step.method.selector.use!r}"), Clock() as predicting:
        answer = _answer(selector.predict(handed), tasks.test)
        if calibration is not None:
            answer = _calibrated(selector, step, tasks.test, answer, calibration)
    arrays = answer.arrays()
    if isinstance(selector, MetaLearned):
        arrays |= _interpreted(selector, tasks.test)

    notes = notes_of(selector, f"selector {step.method.selector.use!r}")
    warned = details.warnings(step.resources.threads, fitting, inputs.plugins.changes)
    trained_rows = len(tasks.train.query) if notes.history is None else notes.history.rows
    cost = details.cost(fitting, trained_rows, predicting, len(tasks.test.query))
    return Made(
        arrays=arrays,
        cost={**cost, "trained_users": notes.trained_users},
        details=_details(step, inputs, tasks, notes, calibration, warned),
        valid_logloss=details.logloss(tasks.valid, valid_logits),
        software=notes.software,
    )


# -- tasks


class _Tasks(NamedTuple):
    train: TaskView
    valid: TaskView
    test: TaskView  # labels of the query withheld


def _all_tasks(step: SelectStep, inputs: Inputs) -> _Tasks:
    logits = base_logits(step, inputs.plan)
    return _Tasks(*(_tasks(step, inputs, logits, role) for role in ROLES))


def _tasks(
    step: SelectStep,
    inputs: Inputs,
    logits: Mapping[tuple[Role, Part], np.ndarray],
    role: Role,
) -> TaskView:
    """With `support_rows`, validation and test users keep their last ones alone."""
    split = inputs.plan.tasks
    tasks = TaskView(
        models=step.models,
        support=inputs.task_view(split.rows(role, "support"), labelled=True),
        query=inputs.task_view(split.rows(role, "query"), labelled=role != "test"),
        support_ptr=split.pointer(role, "support"),
        query_ptr=split.pointer(role, "query"),
        support_base_logits=logits[role, "support"],
        query_base_logits=logits[role, "query"],
    )
    kept = step.method.support_rows
    return tasks if kept is None or role == "train" else last_support(tasks, kept)


# -- the selector, made and fitted


def _selector(step: SelectStep, inputs: Inputs, progress: Progress) -> AnySelector:
    method = step.method
    with inputs.plugins.calling(f"making selector {method.selector.use!r}"):
        plugin = make_plugin(
            inputs.plugins, "selectors", method.selector.use, method.selector.params
        )
    if not isinstance(plugin, DifferentiableSelector):
        return plugin  # type: ignore[no-any-return]
    if method.meta_learner is None:
        return Gating(plugin, method.selector.train, progress, method.select)
    learner = method.meta_learner
    rule = inputs.plugins.load("meta_learners", learner.use)
    return MetaLearned(
        rule,
        make_params(rule.Params, learner.params),
        plugin,
        method.selector.train,
        learner.train,
        pool={name: _restored(step, inputs, name) for name in step.models}
        if learner.full
        else None,
        adapt=learner.adapt,
        frozen_fields=learner.frozen_fields,
        select=method.select,
        progress=progress,
    )


def _restored(step: SelectStep, inputs: Inputs, name: str) -> FittedModel:
    """A base model as its star fit left it."""
    model = make_model(step.pool[name], inputs, lambda _: None)
    assert isinstance(model, FittedModel), "the suite's check refuses others"
    trained_on = inputs.view(inputs.plan.fit(STAR).train, labelled=True)
    model.restore(KeptFolder(step.fits[name][STAR]).file(PARAMETERS), trained_on, seed=0)
    return model


def _fit(selector: AnySelector, step: SelectStep, tasks: _Tasks) -> Clock:
    """Fit the selector; the clock that ran while it did."""
    seed = step_seed(step.seed, "select", step.method.selector.use, step.method.selector.params)
    if isinstance(selector, Gating | MetaLearned):
        selector.prepare(tasks.train.query.fields, step.models)  # compiles, off the clock
    train, valid = tasks.train.copy(), tasks.valid.copy()
    with Clock() as fitting:
        selector.fit(train, valid, context(step, seed))
    return fitting


# -- calibration, where the method asks for one


def _calibrate(
    selector: AnySelector, step: SelectStep, valid: TaskView, fitting: Clock
) -> tuple[np.ndarray, Calibration | None]:
    """Logits of validation users' query, calibrated if the method is. Choosing how is a part of fitting."""
    logits = _ask(selector, valid.without_query_labels()).logits
    if step.method.calibrate is None:
        return logits, None
    with fitting:
        found = fit_calibration(
            lambda tasks: _ask(selector, tasks).logits, valid, logits, step.source.seed
        )
    return found.valid, found


def _calibrated(
    selector: AnySelector,
    step: SelectStep,
    tasks: TaskView,
    answer: _Answer,
    calibration: Calibration,
) -> _Answer:
    logits = calibrated(
        lambda part: _ask(selector, part).logits,
        tasks,
        answer.logits,
        calibration.strengths,
        step.source.seed,
    )
    return _Answer(logits, None)  # the weights are of what was mixed before


# -- answers


class _Answer(NamedTuple):
    logits: np.ndarray  # (n,)
    weights: np.ndarray | None  # (n, K), where there are any

    def arrays(self) -> dict[str, np.ndarray]:
        return (
            {"logits": self.logits}
            if self.weights is None
            else {"logits": self.logits, "weights": self.weights}
        )


def _ask(selector: AnySelector, tasks: TaskView) -> _Answer:
    return _answer(selector.predict(tasks.copy()), tasks)


def _answer(selection: Selection, tasks: TaskView) -> _Answer:
    """Logits as they were given, or of the mixture by the weights that were; the plugin keeps what it gave, the harness a
    copy. `tasks`: the harness's own, whose base logits no plugin has seen."""
    if not isinstance(selection, Selection):
        raise PredictionError(
            f"predict gave {type(selection).__name__}; give a bench.interfaces.Selection of weights or logits"
        )
    if (selection.weights is None) == (selection.logits is None):
        raise PredictionError("a selection holds weights or logits, exactly one of them")
    if selection.logits is not None:
        check_logits(selection.logits, len(tasks.query))
        if selection.mixed_by is not None:
            check_weights(selection.mixed_by, len(tasks.query), len(tasks.models))
        mixed_by = None if selection.mixed_by is None else selection.mixed_by.copy()
        return _Answer(selection.logits.copy(), mixed_by)
    weights = check_weights(selection.weights, len(tasks.query), len(tasks.models)).copy()
    return _Answer(mixture_logits(weights, tasks.query_base_logits), weights)


def _interpreted(selector: MetaLearned, tasks: TaskView) -> dict[str, np.ndarray]:
    """What adaptation did, off the clock: prediction is timed without it."""
    found = selector.interpret(tasks.copy())
    arrays = {"support_losses": found.support_losses, "movements": found.movements}
    for when, adapted in (("before", found.before), ("after", found.after)):
        arrays[f"logits_{when}"] = _answer(selector.selection(adapted), tasks).logits
        arrays[f"weights_{when}"] = adapted.weights
    return arrays


# -- for the record


def _details(
    step: SelectStep,
    inputs: Inputs,
    tasks: _Tasks,
    notes: Notes,
    calibration: Calibration | None,
    warned: dict[str, Any],
) -> dict[str, Any]:
    kept = step.method.support_rows
    return {
        **details.of_selector(notes),
        **({} if calibration is None else calibration.details),
        **warned,
        "base_predictions": step.source.base_predictions,
        "training": {
            "users": len(tasks.train.query_ptr) - 1,
            "support_rows": len(tasks.train.support),
            "query_rows": len(tasks.train.query),
        },
        "source_shift": details.source_shift(tasks.train, tasks.valid),
        **({} if kept is None else {"support_rows": kept}),
        "empty_support_users": int((np.diff(tasks.test.support_ptr) == 0).sum()),
        "empty_query_users": inputs.split.untested,
    }
