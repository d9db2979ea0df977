"""A plugin under test, fitted and asked as a suite would: the same door as `bench run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.interactions import Interactions
from bench.data.rows import TaskView, View
from bench.evaluate import mixture_logits
from bench.interfaces import Context, Plugin, PluginParams, Selector
from bench.learn import (
    DifferentiableModel,
    DifferentiableSelector,
    FittedModel,
    Gating,
    Network,
    build_model,
    build_selector,
)
from bench.settings import TrainSettings
from bench.testing.synthetic import MODELS, USERS, make_tasks

__all__ = ["Subject"]

SETTINGS = TrainSettings(batch_size=64, epochs=2)
TRAIN_USERS, VALID_USERS = np.arange(0, 16), np.arange(16, 22)
TEST_USERS = np.arange(22, USERS)
RAGGED = np.array([0, 1, 2, 9, 0, 4, 3, 7])  # support rows of the test users


@dataclass(frozen=True)
class Subject:
    """A base model or selector class with the settings to test it under."""

    plugin: type[Plugin]
    params: PluginParams
    interactions: Interactions
    scratch: Path

    @property
    def is_selector(self) -> bool:
        return issubclass(self.plugin, Selector | DifferentiableSelector)

    @property
    def is_differentiable(self) -> bool:
        return issubclass(self.plugin, DifferentiableModel | DifferentiableSelector)

    def fitted(self, seed: int = 0) -> Any:
        """A fitted FittedModel, Gating, Model or Selector."""
        made: Any = self.plugin(self.params)
        if isinstance(made, DifferentiableModel):
            made = FittedModel(made, SETTINGS, id_dropout=0.3)
        elif isinstance(made, DifferentiableSelector):
            made = Gating(made, SETTINGS)
        train, valid = (self.tasks, self.tasks) if self.is_selector else (self.rows, self.rows)
        context = Context(seed, 1, "cpu", self.scratch)
        made.fit(train(TRAIN_USERS), valid(VALID_USERS), context)
        return made

    def rows(self, users: np.ndarray) -> View:
        """Labelled rows of some users, but for those of the last items: the test meets these unseen."""
        index = np.flatnonzero(np.isin(self.interactions.users, users) & (np.asarray(self.interactions.items) < 15))
        return View(self.interactions, index, self.interactions.labels()[index])

    def tasks(self, users: np.ndarray) -> TaskView:
        return make_tasks(self.interactions, users, 3 + users % 5, self.interactions.labels())

    def test_rows(self) -> View:
        """Every row of the test users, unseen ids among them, without labels."""
        return View(self.interactions, np.flatnonzero(np.isin(self.interactions.users, TEST_USERS)))

    def test_tasks(self, labels: np.ndarray | None = None) -> TaskView:
        """Test users' tasks with ragged and empty support; labels of the query where given."""
        return make_tasks(self.interactions, TEST_USERS, RAGGED, labels)

    def prediction(self, fitted: Any) -> np.ndarray:
        """(n,) logits for the test rows or the test tasks' query."""
        if not self.is_selector:
            return np.asarray(fitted.predict(self.test_rows()))
        tasks = self.test_tasks()
        selection = fitted.predict(tasks)
        if selection.logits is not None:
            return np.asarray(selection.logits)
        return mixture_logits(selection.weights, tasks.query_base_logits)

    def network(self) -> Network:
        """A fresh network in float64 and eval mode, its parameters away from zero."""
        import torch

        made: Any = self.plugin(self.params)
        if isinstance(made, DifferentiableSelector):
            network = build_selector(made, self.interactions, MODELS, seed=0)
        else:
            network = build_model(made, self.interactions, seed=0)
        generator = torch.Generator().manual_seed(0)
        network.double().eval()
        with torch.no_grad():
            for value in network.parameters():
                value.add_(torch.randn(value.shape, generator=generator, dtype=torch.float64), alpha=0.3)
        return network
