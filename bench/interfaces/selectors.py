"""Selectors: who chooses, weighs or stacks base models."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bench.interfaces.models import Differentiable
from bench.interfaces.plugin import Plugin
from bench.interfaces.rows import Context, Fields, FitNotes, Rows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DifferentiableSelector", "Selection", "Selector", "Tasks"]


class Tasks(Protocol):
    """Users with support and query, and base predictions from the source that the protocol names for each slot. Pointers and
    base logits can't be written to; the harness mixes and scores with arrays of its own."""

    @property
    def models(self) -> tuple[str, ...]:
        """The pool, K names."""
        ...

    @property
    def support(self) -> Rows: ...
    @property
    def query(self) -> Rows:
        """Grouped by user, the users in the order of `support`; labels None where a prediction is asked for."""
        ...

    @property
    def support_ptr(self) -> np.ndarray:
        """(users + 1,) int64: user u's support rows are [support_ptr[u], support_ptr[u + 1])."""
        ...

    @property
    def query_ptr(self) -> np.ndarray: ...
    @property
    def support_base_logits(self) -> np.ndarray:
        """(n, K) float32."""
        ...

    @property
    def query_base_logits(self) -> np.ndarray: ...


class Selection(NamedTuple):
    """Weights or logits, exactly one of them, for every query row."""

    weights: np.ndarray | None = None  # (n, K), on the simplex
    logits: np.ndarray | None = None  # (n,), e.g. stacking
    # (n, K) beside logits of an adapted pool: the weights that mixed it, for the record
    mixed_by: np.ndarray | None = None


class Selector(FitNotes, Plugin):
    """Chooses, weighs or stacks base models; may read each user's support."""

    @abstractmethod
    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:
        """Learn from the training users' tasks; `valid` (query labels visible) is for choosing settings."""

    @abstractmethod
    def predict(self, tasks: Tasks) -> Selection:
        """For every query row; `tasks.query.labels` is None."""


class DifferentiableSelector(Differentiable):
    """forward(rows) gives scores (..., K); the harness takes the (log-)softmax and adds no bias. Trained row by row it is
    gating; under a meta-learner it is MetaSelector. One class serves both."""

    @abstractmethod
    def build(self, fields: Fields, models: tuple[str, ...]) -> None:
        """Make the nn layers for K = len(models); the RNG is seeded for you."""
