"""What every step starts from: the dataset, its split, the labels that it may see, and the plugins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import Split
from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.interfaces import Context, Model, PluginParams
from bench.job.spec import BaseModelSpec
from bench.job.splits import WITHHELD, open_split
from bench.job.steps import FitStep, SelectStep
from bench.learn import DifferentiableModel, FittedModel
from bench.registry.used import UsedPlugins

__all__ = [
    "Inputs",
    "Progress",
    "context",
    "make_model",
    "make_params",
    "make_plugin",
    "open_inputs",
]

Progress = Callable[[str], None]


class Inputs(NamedTuple):
    """What every step starts from."""

    plugins: UsedPlugins
    interactions: Interactions
    plan: FitPlan  # of the split, under the step's source of base predictions
    labels: np.ndarray  # (n,) uint8, WITHHELD where a worker may not know

    @property
    def split(self) -> Split:
        return self.plan.split

    def view(
        self, rows: np.ndarray, *, labelled: bool, hide_users: bool | np.ndarray = False
    ) -> View:
        labels = self.labels[rows] if labelled else None
        if labels is not None and (labels == WITHHELD).any():
            raise AssertionError("a step asked for withheld labels")
        return View(self.interactions, rows, labels, hide_users)

    def task_view(self, rows: np.ndarray, *, labelled: bool) -> View:
        """Rows as tasks see them: in cold, without their users' ids."""
        return self.view(rows, labelled=labelled, hide_users=self.split.hides_users)


def open_inputs(step: FitStep | SelectStep, plugins: UsedPlugins) -> Inputs:
    interactions = Interactions.open(step.dataset, with_labels=False)
    split, labels = open_split(step.split, interactions)
    return Inputs(plugins, interactions, FitPlan(split, step.source), labels)


def context(
    step: FitStep | SelectStep, seed: int, files: Mapping[str, Path] | None = None
) -> Context:
    """What a plugin's fit may use besides its data."""
    return Context(
        seed, step.resources.threads, step.resources.device, step.folder.parent, dict(files or {})
    )


def make_model(spec: BaseModelSpec, inputs: Inputs, progress: Progress) -> Model | FittedModel:
    with inputs.plugins.calling(f"making base model {spec.use!r}"):
        plugin = make_plugin(inputs.plugins, "models", spec.use, spec.params)
    if isinstance(plugin, DifferentiableModel):
        return FittedModel(plugin, spec.train, inputs.split.id_dropout, progress)
    return plugin  # type: ignore[no-any-return]


class _Plugins(Protocol):
    def load(self, kind: str, name: str) -> type[Any]: ...


def make_plugin(plugins: _Plugins, kind: str, name: str, params: Mapping[str, Any]) -> Any:
    plugin = plugins.load(kind, name)
    return plugin(make_params(plugin.Params, params))


def make_params(model: type[PluginParams], params: Mapping[str, Any]) -> PluginParams:
    return model.model_validate_json(json.dumps(dict(params)))
