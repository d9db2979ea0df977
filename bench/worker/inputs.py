"""What every step starts from: the dataset, its split, the labels that it may see, and the plugins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.data.splits.split import Split
from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.interfaces import Model, PluginParams
from bench.job.splits import WITHHELD, open_split
from bench.job.steps import PluginUse, Step
from bench.learn import DifferentiableModel, FittedModel
from bench.registry import Registry, load_registry

__all__ = ["Given", "Progress", "make_model", "make_params", "make_plugin", "open_given"]

Progress = Callable[[str], None]


class Given(NamedTuple):
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


def open_given(step: Step) -> Given:
    interactions = Interactions.open(step.dataset, with_labels=False)
    split, labels = open_split(step.split, interactions)
    return Given(load_registry(step.plugins, autoload=step.autoload), interactions, split, labels)


def make_model(use: PluginUse, given: Given, progress: Progress) -> Model | FittedModel:
    plugin = make_plugin(given.registry, "models", use.use, use.params)
    if isinstance(plugin, DifferentiableModel):
        return FittedModel(plugin, use.train, given.split.id_dropout, progress)
    return plugin  # type: ignore[no-any-return]


def make_plugin(registry: Registry, kind: str, name: str, params: Mapping[str, Any]) -> Any:
    plugin = registry.load(kind, name)
    return plugin(make_params(plugin.Params, params))


def make_params(model: type[PluginParams], params: Mapping[str, Any]) -> PluginParams:
    return model.model_validate_json(json.dumps(params))
