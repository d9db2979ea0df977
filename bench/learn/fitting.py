"""Differentiable plugins as plain ones: what the harness asks of a Model or a Selector, answered by the training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from bench.adapt_sets import BASE_MODELS, SELECTOR
from bench.data.paged import blocks, copied
from bench.data.views.by_user import user_of_row
from bench.data.views.rows import TaskView, View
from bench.errors import DivergenceError
from bench.interfaces import Context, Fields, FitNotes, MetaLearner, PluginParams, Selection
from bench.learn.adaptation.hard_selection import one_model_a_user
from bench.learn.adaptation.interpretation import Interpretation, interpret
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.meta_training import meta_train, outer_parameters
from bench.learn.adaptation.predicting import (
    Adapted,
    adapt_and_predict,
    query_loss,
    query_losses,
)
from bench.learn.adaptation.task_data import TaskData
from bench.learn.inner_loop import compile_kernel, kernel_software
from bench.learn.network.declared import declared_form
from bench.learn.network.draws import Hidden
from bench.learn.network.encoder import Encoder
from bench.learn.network.examples import Examples
from bench.learn.network.network import Network, build_model, build_selector
from bench.learn.network.perceptron_selector import PerceptronSelector
from bench.learn.network.plugins import (
    CompiledForm,
    DifferentiableModel,
    DifferentiableSelector,
)
from bench.learn.network.trained_by import trained_by
from bench.learn.network.training import outputs_of_rows, train
from bench.settings import MetaTrainSettings, Select, TrainSettings

__all__ = ["FittedModel", "Gating", "MetaLearned"]

Progress = Callable[[str], None]


PREPARING = "preparing compiled code"
COMPILING = "compiling kernels: once, they are kept for later runs"


def _silent(_: str) -> None:
    pass


@contextmanager
def _preparing(progress: Progress) -> Iterator[None]:
    """Says where what is read from disk as a rule has to be compiled, which takes long."""
    from bench.compiled.telling import telling  # with numba, which other steps do without

    progress(PREPARING)
    with telling(lambda: progress(COMPILING)):
        yield


class FittedModel(FitNotes):
    """A DifferentiableModel with the interface of a Model. `id_dropout`: chance that a training row hides its user."""

    network: Network
    encoder: Encoder

    def __init__(
        self,
        plugin: DifferentiableModel,
        settings: TrainSettings,
        id_dropout: float = 0.0,
        progress: Progress = _silent,
    ) -> None:
        self._plugin, self._settings, self._id_dropout, self._progress = (
            plugin,
            settings,
            id_dropout,
            progress,
        )

    @property
    def form(self) -> CompiledForm | None:
        """Of the plugin, where it is one that the harness knows."""
        return declared_form(self._plugin)

    def prepare(self, fields: Fields) -> None:
        """Off the clock: compile what training will call."""
        from bench.learn.network.precompiling import precompile_model

        with _preparing(self._progress):
            precompile_model(self._plugin, fields, self._settings)

    def fit(self, train_rows: View, valid: View, context: Context) -> None:
        self.encoder = Encoder.fit(train_rows)
        self.network = build_model(self._plugin, train_rows.interactions, context.seed)
        self.software = {"training": trained_by(self._plugin)}
        self.details = {"parameters": self.network.size()}
        self.history = train(
            self.network,
            _examples(self.encoder, train_rows),
            _examples(self.encoder, valid),
            self._settings,
            context.seed,
            hidden=_hidden(self.encoder, self._id_dropout),
            progress=self._progress,
        )

    def predict(self, rows: View) -> np.ndarray:
        return outputs_of_rows(self.network, self.encoder, rows)

    def save(self, file: Path) -> None:
        """Parameters as safetensors; `restore` needs the training rows again. Raises OSError."""
        state = self.network.state_dict()
        try:
            save_file({name: value.contiguous() for name, value in state.items()}, file)
        except SafetensorError as error:  # what it makes of a full disk
            raise OSError(str(error)) from error

    def restore(self, file: Path, train_rows: View, seed: int) -> None:
        self.encoder = Encoder.fit(train_rows)
        self.network = build_model(self._plugin, train_rows.interactions, seed)
        self.network.load_state_dict(load_file(file))


class Gating(FitNotes):
    """A DifferentiableSelector trained row by row on the training users' query rows: no tasks, no adaptation."""

    network: Network
    encoder: Encoder

    def __init__(
        self,
        plugin: DifferentiableSelector,
        settings: TrainSettings,
        progress: Progress = _silent,
        select: Select = "soft",
    ) -> None:
        self._plugin, self._settings, self._progress, self._select = (
            plugin,
            settings,
            progress,
            select,
        )

    def prepare(self, fields: Fields, models: tuple[str, ...]) -> None:
        """Off the clock: compile what training will call."""
        from bench.learn.network.precompiling import precompile_selector

        with _preparing(self._progress):
            precompile_selector(self._plugin, fields, models, self._settings)

    def fit(self, train_tasks: TaskView, valid: TaskView, context: Context) -> None:
        query = train_tasks.query
        self.encoder = Encoder.fit(query)
        self.network = build_selector(
            self._plugin, query.interactions, train_tasks.models, context.seed
        )
        self.software = {"training": trained_by(self._plugin)}
        self.details = {"parameters": self.network.size()}
        self.history = train(
            self.network,
            _examples(self.encoder, query, train_tasks.query_base_logits),
            _examples(self.encoder, valid.query, valid.query_base_logits),
            self._settings,
            context.seed,
            progress=self._progress,
        )

    def predict(self, tasks: TaskView) -> Selection:
        scores = outputs_of_rows(self.network, self.encoder, tasks.query, tasks.query_base_logits)
        weights = torch.from_numpy(scores).softmax(-1)
        if self._select == "hard":
            weights = one_model_a_user(weights, torch.from_numpy(user_of_row(tasks.query_ptr)))
        return Selection(weights=weights.numpy())


class MetaLearned(FitNotes):
    """A selector, or a selector and its pool, under a meta-learner.

    The selector starts as gating leaves it; with `pool`, base models are adapted too, each from its own fitted start."""

    details: dict[str, Any]

    def __init__(
        self,
        rule: type[MetaLearner],
        params: PluginParams,
        selector: DifferentiableSelector,
        selector_settings: TrainSettings,
        settings: MetaTrainSettings,
        *,
        pool: Mapping[str, FittedModel] | None = None,
        adapt: tuple[str, ...] = (SELECTOR, BASE_MODELS),
        frozen_fields: tuple[str, ...] = (),
        select: Select = "soft",
        progress: Progress = _silent,
    ) -> None:
        self._rule, self._params, self._settings = rule, params, settings
        self._gating = Gating(selector, selector_settings, lambda line: progress(f"gating {line}"))
        self._known = isinstance(selector, PerceptronSelector) and all(
            model.form is not None for model in (pool or {}).values()
        )
        self._pool, self._progress = pool, progress
        self._adapt, self._frozen_fields, self._select = adapt, frozen_fields, select
        self.details = {}
        self.trained_users = 0

    def prepare(self, fields: Fields, models: tuple[str, ...]) -> None:
        """Off the clock: compile what training and adaptation will call."""
        self._gating.prepare(fields, models)
        if self._known:
            with _preparing(self._progress):
                compile_kernel()

    def fit(self, train_tasks: TaskView, valid: TaskView, context: Context) -> None:
        self._gating.fit(train_tasks, valid, context)
        pool = (
            None
            if self._pool is None
            else {name: model.network for name, model in self._pool.items()}
        )
        interactions = train_tasks.query.interactions
        self._threads = context.threads
        self._learnable = Learnable(
            interactions, self._gating.network, pool, self._frozen_fields, self._adapt, self._select
        )
        valid_data = self._tasks(valid)
        adapted_by = kernel_software(self._learnable.compiled)
        self.software = {**self._gating.software, "inner_loop": adapted_by}
        self._active = self._best_candidate(valid_data)
        self._outer = outer_parameters(self._active, self._learnable)
        if self._rule.meta_trained:
            self._meta_train(self._tasks(train_tasks), valid_data, context.seed)

    def predict(self, tasks: TaskView) -> Selection:
        adapted = adapt_and_predict(
            self._active, self._learnable, self._outer, self._tasks(tasks), self._threads
        )
        return self.selection(adapted)

    def selection(self, adapted: Adapted) -> Selection:
        """The simplified version gives weights over fixed base logits; the full one logits, and beside them the weights."""
        if self._pool is None:
            return Selection(weights=adapted.weights)
        return Selection(logits=adapted.logits, mixed_by=adapted.weights)

    def interpret(self, tasks: TaskView) -> Interpretation:
        """Predict once more, and say what adaptation did."""
        return interpret(
            self._active, self._learnable, self._outer, self._tasks(tasks), self._threads
        )

    def _tasks(self, tasks: TaskView) -> TaskData:
        pool = None if self._pool is None else next(iter(self._pool.values())).encoder
        return TaskData.of(tasks, self._gating.encoder, pool)

    def _best_candidate(self, valid: TaskData) -> MetaLearner:
        candidates = [self._rule(params) for params in self._rule(self._params).candidates()]
        if len(candidates) == 1:
            return candidates[0]
        outers = [outer_parameters(rule, self._learnable) for rule in candidates]
        self._progress(f"trying {len(candidates)} settings on validation users")
        losses = query_losses(candidates, self._learnable, outers, valid, self._threads)
        for number, loss in enumerate(losses, start=1):
            told = f"validation log loss {loss:.4f}" if np.isfinite(loss) else "diverges"
            self._progress(f"setting {number}/{len(candidates)}, {told}")
        if not np.isfinite(losses).any():
            self._explain_divergence(candidates, outers[0], valid)
        best = int(np.argmin([loss if np.isfinite(loss) else np.inf for loss in losses]))
        self.details["chosen"] = candidates[best].params.model_dump(mode="json")
        self.details["candidates"] = len(candidates)
        return candidates[best]

    def _explain_divergence(
        self, candidates: Sequence[MetaLearner], outer: dict[str, torch.Tensor], valid: TaskData
    ) -> None:
        """Of all candidates; what is said is why the first does."""
        try:
            query_loss(candidates[0], self._learnable, outer, valid, self._threads)
        except DivergenceError as error:
            raise DivergenceError(
                f"all {len(candidates)} settings diverge on validation users; the first: {error}"
            ) from error

    def _meta_train(self, tasks: TaskData, valid: TaskData, seed: int) -> None:
        self._outer, history = meta_train(
            self._active,
            self._learnable,
            tasks,
            valid,
            self._settings,
            seed,
            threads=self._threads,
            progress=self._progress,
        )
        self.trained_users = history.users
        self.details |= {
            "epochs": history.epochs,
            "best_epoch": history.best_epoch,
            "valid_logloss": list(history.valid_logloss),
        }


def _examples(encoder: Encoder, rows: View, base_logits: np.ndarray | None = None) -> Examples:
    if rows.labels is None:
        raise ValueError("rows without labels can't be learned from")
    encoded = encoder.encode(rows)
    labels = encoded.rows(encoder.layout).labels
    for block in blocks(len(rows)):
        labels[block] = torch.from_numpy(rows.labels[block].astype(np.float32))
    own = None if base_logits is None else torch.from_numpy(copied(base_logits))
    return Examples(encoded, labels, own)


def _hidden(encoder: Encoder, chance: float) -> Hidden | None:
    field = encoder.interactions.user_field
    if not chance or field is None:
        return None
    layout = encoder.layout
    return Hidden(layout.span(field).start, encoder.interactions.offsets[field], chance)
