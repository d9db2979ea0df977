"""A plugin under test, fitted and asked as a suite would: the same door as `bench run`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.interfaces import Context, Plugin, PluginParams, Selection, Selector
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
from bench.testing.sampled import Arrays, Sampled
from bench.testing.synthetic import MODELS, STRANGER, Prepared, make_prepared, make_tasks

__all__ = ["SEED", "SETTINGS", "Subject", "learner"]

SETTINGS = TrainSettings(batch_size=64, epochs=2)
TRAIN_USERS, VALID_USERS = np.arange(0, 16), np.arange(16, 22)
TEST_USERS = np.arange(22, STRANGER)
SUPPORT = np.array([5, 1, 2, 9, 4, 3, 7])  # rows of the test users
RAGGED = np.array([0, 1, 2, 9, 0, 4, 0])
UNSEEN_ITEMS = 15  # items from here on are in no training row


# as large as the harness's seeds are (bench.job.seeds)
SEED = 2**62 + 3


def learner(plugin: type[Plugin], params: PluginParams, folder: Path) -> Subject:
    """One over a dataset of its own, kept in the folder."""
    return Subject(plugin, params, folder, make_prepared(folder))


@dataclass(frozen=True)
class Subject(Sampled):
    """A base model or selector class with the settings to test it under."""

    prepared: Prepared

    @property
    def interactions(self) -> Interactions:
        return self.prepared.interactions

    @property
    def is_selector(self) -> bool:
        return issubclass(self.plugin, Selector | DifferentiableSelector)

    @property
    def is_differentiable(self) -> bool:
        return issubclass(self.plugin, DifferentiableModel | DifferentiableSelector)

    def fitted(self, seed: int = 0) -> Any:
        """A fitted FittedModel, Gating, Model or Selector."""
        made = self._made()
        made.fit(*self._fit_data(), self._context(seed))
        return made

    def sample(self) -> np.ndarray:
        return self.predict(self.fitted(SEED))

    def handed(self) -> Arrays:
        return dict(_arrays(self._lent))

    def exercise(self) -> None:
        made, (train, valid, asked) = self._made(), self._lent.values()
        made.fit(train, valid, self._context(SEED))
        made.predict(asked)

    @cached_property
    def _lent(self) -> dict[str, View | TaskView]:
        """The same views each time."""
        train, valid = self._fit_data()
        asked = self.test_tasks() if self.is_selector else self.test_rows()
        return {"training rows": train, "validation rows": valid, "the rows asked for": asked}

    def _made(self) -> Any:
        made: Any = self.plugin(self.params)
        if isinstance(made, DifferentiableModel):
            return FittedModel(made, SETTINGS, id_dropout=0.3)
        return Gating(made, SETTINGS) if isinstance(made, DifferentiableSelector) else made

    def labelled_tasks(self) -> tuple[TaskView, TaskView]:
        """Training and validation users' tasks, their labels visible."""
        return self._tasks(TRAIN_USERS), self._tasks(VALID_USERS)

    def _fit_data(self) -> tuple[View | TaskView, View | TaskView]:
        """Training and validation users'."""
        of = self._tasks if self.is_selector else self._rows
        return of(TRAIN_USERS), of(VALID_USERS)

    def _context(self, seed: int) -> Context:
        return Context(seed, 1, "cpu", self.scratch)

    def test_rows(self, labels: np.ndarray | None = None) -> View:
        """Every row of the test users, items of no training row among them; their labels where (n,) are given."""
        return self._view(np.isin(self.interactions.users, TEST_USERS), labels)

    def strangers_rows(self) -> View:
        """Rows that read unknown or missing in every field."""
        return self._view(np.asarray(self.interactions.users) == STRANGER, None)

    def test_tasks(self, query_labels: np.ndarray | None = None) -> TaskView:
        """Test users' tasks, each with some support; labels of the query where (n,) are given."""
        return make_tasks(self.prepared, TEST_USERS, SUPPORT, query_labels)

    def strangers_task(self) -> TaskView:
        """A task of rows that read unknown or missing in every field."""
        return make_tasks(self.prepared, np.array([STRANGER]), np.array([3]), None)

    def ragged_tasks(self) -> dict[str, TaskView]:
        """Test users' tasks by what is said of their support."""
        supports = {
            "where some users have no support": RAGGED,
            "where no user has support": np.zeros_like(RAGGED),
            "where every user has one support row": np.ones_like(RAGGED),
        }
        return {
            where: make_tasks(self.prepared, TEST_USERS, support, None)
            for where, support in supports.items()
        }

    def select(self, fitted: Any, tasks: TaskView) -> np.ndarray:
        """What a selector gives for tasks: logits (n,) or weights (n, K)."""
        selection: Selection = fitted.predict(tasks)
        return np.asarray(selection.logits if selection.weights is None else selection.weights)

    def predict(self, fitted: Any, labels: np.ndarray | None = None) -> np.ndarray:
        """(n,) logits for the test rows, or what a selector gives for the test tasks' query; with `labels` (n,) of the
        rows asked for, which are withheld else."""
        if self.is_selector:
            return self.select(fitted, self.test_tasks(labels))
        return np.asarray(fitted.predict(self.test_rows(labels)))

    def built(self) -> Network:
        """A fresh network, as a fit starts from it."""
        made: Any = self.plugin(self.params)
        if isinstance(made, DifferentiableSelector):
            return build_selector(made, self.interactions, MODELS, seed=0)
        return build_model(made, self.interactions, seed=0)

    def network(self) -> Network:
        """A fresh network in float64 and eval mode, its parameters away from zero."""
        network = self.built()
        generator = torch.Generator().manual_seed(0)
        network.double().eval()
        with torch.no_grad():
            for value in network.parameters():
                value.add_(
                    torch.randn(value.shape, generator=generator, dtype=torch.float64), alpha=0.3
                )
        return network

    def _rows(self, users: np.ndarray) -> View:
        """Labelled rows of some users, less those of the items that only the test meets."""
        seen = np.asarray(self.interactions.items) < UNSEEN_ITEMS
        return self._view(np.isin(self.interactions.users, users) & seen, self.prepared.labels)

    def _tasks(self, users: np.ndarray) -> TaskView:
        return make_tasks(self.prepared, users, 3 + users % 5, self.prepared.labels)

    def _view(self, chosen: np.ndarray, labels: np.ndarray | None) -> View:
        index = np.flatnonzero(chosen)
        return View(self.interactions, index, None if labels is None else labels[index])


def _arrays(lent: Mapping[str, View | TaskView]) -> Iterator[tuple[str, np.ndarray]]:
    """Copies of all that views show, by what they are."""
    for what, view in lent.items():
        if isinstance(view, View):
            yield from ((f"{name} of {what}", array) for name, array in _shown(view))
            continue
        for part, rows in (("support", view.support), ("query", view.query)):
            yield from ((f"{name} of {part} of {what}", array) for name, array in _shown(rows))
        for name in ("support_ptr", "query_ptr", "support_base_logits", "query_base_logits"):
            yield f"{name} of {what}", np.array(getattr(view, name))


def _shown(view: View) -> Iterator[tuple[str, np.ndarray]]:
    yield "index", np.array(view.index)
    yield "users", np.array(view.users)
    if view.labels is not None:
        yield "labels", np.array(view.labels)
    for field in view.fields:
        if field.kind == "multi_valued":
            yield f"pointer of {field.name}", np.array(view.bags(field.name)[0])
            yield f"codes of {field.name}", np.array(view.bags(field.name)[1])
        elif field.kind == "categorical":
            yield f"codes of {field.name}", np.array(view.codes(field.name))
        else:
            yield f"values of {field.name}", np.array(view.values(field.name))
