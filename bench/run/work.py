"""What a worker does with a step: fit and ask plugins, under the harness's clock, and leave logits on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch._dynamo  # noqa: F401 - the first optimiser imports it: seconds that would fall inside the clock

from bench.data.base_predictions import STAR, Fit, fits, sources
from bench.data.interactions import Interactions
from bench.data.rows import TaskView, View
from bench.data.split import Role, Split
from bench.errors import PredictionError
from bench.evaluate import check_logits, check_weights, is_constant, looks_like_probabilities, mixture_logits
from bench.evaluate.metrics import LogLoss
from bench.interfaces import Context, Model, PluginParams, Selection, Selector
from bench.learn import (
    DifferentiableModel,
    DifferentiableSelector,
    FittedModel,
    Gating,
    MetaLearned,
)
from bench.registry import Registry, load_registry
from bench.run.clock import Clock, peak_rss_bytes
from bench.run.seeds import step_seed
from bench.run.splits import WITHHELD, commit_folder, open_split
from bench.run.steps import FitStep, PluginUse, SelectStep, parse_step

__all__ = ["limit_threads", "perform"]

Progress = Callable[[str], None]
PARAMETERS = "parameters.safetensors"


class _Given(NamedTuple):
    """What every step starts from."""

    registry: Registry
    interactions: Interactions
    split: Split
    labels: np.ndarray

    def view(self, rows: np.ndarray, *, labelled: bool, hide_users: bool | np.ndarray = False) -> View:
        labels = self.labels[rows] if labelled else None
        if labels is not None and (labels == WITHHELD).any():
            raise AssertionError("a step asked for withheld labels")
        return View(self.interactions, rows, labels, hide_users)

    def task_view(self, rows: np.ndarray, *, labelled: bool) -> View:
        """Rows as tasks see them: in cold, without their users' ids."""
        return self.view(rows, labelled=labelled, hide_users=self.split.hides_users)


def limit_threads(threads: int) -> None:
    """Of torch and of every BLAS and OpenMP pool in the process."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)


def perform(step_json: str, progress: Progress) -> None:
    """Do one step and leave its folder; raises what the plugin raises."""
    step = parse_step(step_json)
    interactions = Interactions.open(step.dataset)
    split, labels = open_split(step.split, interactions)
    given = _Given(load_registry(step.plugins, autoload=step.autoload), interactions, split, labels)
    arrays, result = _fit(step, given, progress) if isinstance(step, FitStep) else _select(step, given, progress)
    result["cost"]["peak_rss_bytes"] = peak_rss_bytes()

    def fill(folder: Path) -> None:
        for name, content in arrays.items():
            if callable(content):
                content(folder / name)
            else:
                np.save(folder / f"{name}.npy", content, allow_pickle=False)
        (folder / "result.json").write_text(json.dumps(result, allow_nan=False), "utf-8")

    commit_folder(step.folder, fill)


# -- base models


def _fit(step: FitStep, given: _Given, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    fit = _planned(step, given.split)
    model = _model(step.model, given, progress)
    seed = step_seed(step.seed, f"fit {step.variant}", step.model.use, step.model.params)
    train, valid = _training_views(fit, given, seed, differentiable=isinstance(model, FittedModel))
    with Clock() as fitting:
        model.fit(train, valid, Context(seed, step.threads, "cpu", step.folder.parent))
    predicted = given.task_view(fit.predict, labelled=False)
    with Clock() as predicting:
        logits = model.predict(predicted)
    check_logits(logits, len(fit.predict))
    arrays: dict[str, Any] = {"logits": logits}
    if isinstance(model, FittedModel) and step.variant == STAR:
        arrays[PARAMETERS] = model.save
    history = getattr(model, "history", None)
    details = (
        {}
        if history is None
        else {"epochs": history.epochs, "best_epoch": history.best_epoch, "valid_logloss": list(history.valid_logloss)}
    )
    rows = len(train) if history is None else history.rows
    return arrays, {"cost": _cost(fitting, rows, predicting, len(predicted)), "details": details | _warnings(logits)}


def _planned(step: FitStep, split: Split) -> Fit:
    planned = fits(split, step.base_predictions, step.folds, step.fold_seed)
    return next(fit for fit in planned if fit.variant == step.variant)


def _training_views(fit: Fit, given: _Given, seed: int, *, differentiable: bool) -> tuple[View, View]:
    """A plain model's training rows hide users once, by seed; the training loop draws anew for every batch."""
    chance = 0.0 if differentiable else given.split.id_dropout
    hidden = np.random.default_rng(seed).random(len(fit.train)) < chance
    valid = given.task_view(given.split.rows("valid", "query"), labelled=True)
    return given.view(fit.train, labelled=True, hide_users=hidden), valid


def _model(use: PluginUse, given: _Given, progress: Progress) -> Model | FittedModel:
    plugin = _make(given.registry, "models", use.use, use.params)
    if isinstance(plugin, DifferentiableModel):
        return FittedModel(plugin, use.train, given.split.id_dropout, progress)
    return plugin  # type: ignore[no-any-return]


def _make(registry: Registry, kind: str, name: str, params: Mapping[str, Any]) -> Any:
    plugin = registry.load(kind, name)
    return plugin(_params(plugin.Params, params))


def _params(model: type[PluginParams], params: Mapping[str, Any]) -> PluginParams:
    return model.model_validate_json(json.dumps(params))


# -- methods


def _select(step: SelectStep, given: _Given, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    base_logits = _base_logits(step, given.split)
    train, valid, test = (_tasks(step, given, base_logits, role) for role in ("train", "valid", "test"))
    selector = _selector(step, given, progress)
    seed = step_seed(step.seed, "select", step.selector.use, step.selector.params)
    with Clock() as fitting:
        selector.fit(train, valid, Context(seed, step.threads, "cpu", step.folder.parent))
    valid_logits, _ = _ask(selector, valid.without_query_labels())
    with Clock() as predicting:
        selection = selector.predict(test)
    logits, weights = _answer(selection, test, getattr(selector, "weights", None))
    arrays = {"logits": logits} if weights is None else {"logits": logits, "weights": weights}
    details = {
        **_history(selector),
        **_warnings(logits),
        "base_predictions": step.base_predictions,
        "source_shift": _source_shift(train, valid),
        "empty_support_users": int((np.diff(test.support_ptr) == 0).sum()),
    }
    cost = _cost(fitting, _rows_trained(selector, train), predicting, len(test.query))
    return arrays, {
        "cost": {**cost, "trained_users": getattr(selector, "trained_users", None)},
        "details": details,
        "valid_logloss": _logloss(valid, valid_logits),
    }


def _base_logits(step: SelectStep, split: Split) -> np.ndarray:
    """(n, K) float32: every row of the dataset from the fit that the protocol names for its slot."""
    source = sources(split, step.base_predictions, step.folds, step.fold_seed)
    logits = np.full((len(source), len(step.models)), np.nan, dtype=np.float32)
    for fit in fits(split, step.base_predictions, step.folds, step.fold_seed):
        own = source[fit.predict] == fit.variant
        for column, model in enumerate(step.models):
            predicted = np.load(step.fits[model][fit.variant] / "logits.npy", allow_pickle=False)
            logits[fit.predict[own], column] = predicted[own]
    if np.isnan(logits).any():
        raise PredictionError(f"{int(np.isnan(logits).any(axis=1).sum())} rows have no base prediction")
    return logits


def _tasks(step: SelectStep, given: _Given, base_logits: np.ndarray, role: Role) -> TaskView:
    """Test users' query labels are withheld."""
    support, query = given.split.rows(role, "support"), given.split.rows(role, "query")
    return TaskView(
        models=step.models,
        support=given.task_view(support, labelled=True),
        query=given.task_view(query, labelled=role != "test"),
        support_ptr=given.split.pointer(role, "support"),
        query_ptr=given.split.pointer(role, "query"),
        support_base_logits=base_logits[support],
        query_base_logits=base_logits[query],
    )


def _selector(step: SelectStep, given: _Given, progress: Progress) -> Selector | Gating | MetaLearned:
    plugin = _make(given.registry, "selectors", step.selector.use, step.selector.params)
    if not isinstance(plugin, DifferentiableSelector):
        return plugin  # type: ignore[no-any-return]
    if step.meta_learner is None:
        return Gating(plugin, step.selector.train, progress)
    part = step.meta_learner
    rule = given.registry.load("meta_learners", part.use)
    return MetaLearned(
        rule,
        _params(rule.Params, part.params),
        plugin,
        step.selector.train,
        part.train,
        pool={name: _restored(step, given, name) for name in step.models} if part.full else None,
        frozen_fields=part.frozen_fields,
        progress=progress,
    )


def _restored(step: SelectStep, given: _Given, name: str) -> FittedModel:
    """A base model as its star fit left it."""
    model = _model(step.pool[name], given, lambda _: None)
    assert isinstance(model, FittedModel), "the suite's check refuses others"
    star = fits(given.split, "in-sample", step.folds, step.fold_seed)[0]
    model.restore(step.fits[name][STAR] / PARAMETERS, given.view(star.train, labelled=True), seed=0)
    return model


def _ask(selector: Selector | Gating | MetaLearned, tasks: TaskView) -> tuple[np.ndarray, np.ndarray | None]:
    selection = selector.predict(tasks)
    return _answer(selection, tasks, getattr(selector, "weights", None))


def _answer(selection: Selection, tasks: TaskView, beside: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Logits (n,), and weights (n, K) where there are any: of the selection, or beside logits of an adapted pool."""
    if (selection.weights is None) == (selection.logits is None):
        raise PredictionError("a selection holds weights or logits, exactly one of them")
    if selection.logits is not None:
        check_logits(selection.logits, len(tasks.query))
        return selection.logits, beside
    weights = check_weights(selection.weights, len(tasks.query), len(tasks.models))
    return mixture_logits(weights, tasks.query_base_logits), weights


# -- what a step says of itself


def _cost(fitting: Clock, train_rows: int | None, predicting: Clock, predict_rows: int) -> dict[str, Any]:
    return {
        "train_cpu_s": fitting.cpu_s,
        "train_wall_s": fitting.wall_s,
        "train_rows": train_rows,
        "predict_cpu_s": predicting.cpu_s,
        "predict_wall_s": predicting.wall_s,
        "predict_rows": predict_rows,
    }


def _rows_trained(selector: Any, train: TaskView) -> int:
    history = getattr(selector, "history", None)
    return len(train.query) if history is None else int(history.rows)


def _history(selector: Any) -> dict[str, Any]:
    history, chosen = getattr(selector, "history", None), getattr(selector, "chosen", None)
    found: dict[str, Any] = dict(getattr(selector, "details", {}))
    if history is not None:
        found |= {"epochs": history.epochs, "best_epoch": history.best_epoch}
    return found | ({"chosen": chosen} if chosen else {})


def _warnings(logits: np.ndarray) -> dict[str, Any]:
    found = []
    if looks_like_probabilities(logits):
        found.append("all logits lie in [0, 1]: are they probabilities? a model hands back logits")
    if is_constant(logits):
        found.append("all predictions are the same")
    return {"warnings": found} if found else {}


def _source_shift(train: TaskView, valid: TaskView) -> dict[str, dict[str, float | None]]:
    """Per model, the log loss on training users' query as the selector saw it beside that on validation users'."""
    return {
        model: {
            "train_query": _logloss(train, train.query_base_logits[:, column]),
            "valid_query": _logloss(valid, valid.query_base_logits[:, column]),
        }
        for column, model in enumerate(train.models)
    }


def _logloss(tasks: TaskView, logits: np.ndarray) -> float | None:
    assert tasks.query.labels is not None
    return LogLoss(LogLoss.Params()).compute(tasks.query.labels, logits, tasks.query.users).value
