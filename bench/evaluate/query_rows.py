"""What an analysis reads: one seed's test query rows and what every method made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bench.interfaces import MetricRows

__all__ = ["Adaptation", "QueryRows"]


class Adaptation(NamedTuple):
    """What adaptation did in one trial: to n query rows and to U users, ascending by id."""

    logits_before: np.ndarray  # (n,)
    logits_after: np.ndarray  # (n,)
    weights_before: np.ndarray  # (n, K)
    weights_after: np.ndarray  # (n, K)
    support_losses: np.ndarray  # (U, 2) mean cross-entropy before, after; NaN without support
    # (U, 6) by bench.settings.PARAMETER_GROUPS (bench.learn.adaptation.interpretation says how); NaN: no such group
    movements: np.ndarray


class QueryRows(NamedTuple):
    """One seed's test query rows, n of them, and what every method made of them. With one split for all seeds the rows are
    the same in each."""

    seed: int
    y: np.ndarray  # (n,) uint8
    users: np.ndarray  # (n,) int32, grouped; an id is one user in every seed
    items: np.ndarray  # (n,) int32
    history: np.ndarray  # (n,) int64: support rows of the row's user
    # (n,) float64: share of positives in that support; NaN where it is empty
    support_rate: np.ndarray
    # (n,) int64: rows of the row's item that base models were fitted on (star)
    popularity: np.ndarray
    pool: tuple[str, ...]  # base models, K, in the order of weights
    # (n,) of each method and base model that has a result in this seed; not of bounds
    logits: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]  # (n, K) of the methods that give weights
    true_logits: np.ndarray | None = None  # (n,) float64, of generated data alone
    incomplete: str = ""  # why `pool` is empty: "fm was not run"
    adaptations: Mapping[str, Adaptation] = {}  # of the methods under a meta-learner

    @property
    def scored(self) -> MetricRows:
        """As a metric sees them."""
        return MetricRows(
            self.y, self.users, self.items, self.history, self.support_rate, self.popularity
        )
