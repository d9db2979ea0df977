"""Log loss by user: what regret, win rate, selection accuracy and bounds are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.evaluate.metrics.metrics import row_log_loss
from bench.evaluate.query_rows import QueryRows

__all__ = ["EQUAL", "UserLosses", "first_highest", "is_shared", "user_losses"]

EQUAL = 1e-12  # losses and weights that differ by less, as a share, differ by the order of a sum
# weights that differ by less, as a share, may be meant to be equal
_ROUNDED = 4 * float(np.finfo(np.float32).eps)


class UserLosses(NamedTuple):
    """One seed's users, U of them, ascending by id."""

    ids: np.ndarray  # (U,)
    of_row: np.ndarray  # (n,) each row's place among them
    rows: np.ndarray  # (U,) float64
    sums: Mapping[str, np.ndarray]  # (U,) summed log loss of each name
    pool: tuple[str, ...]  # K base models that can be chosen

    def mean(self, name: str) -> np.ndarray:
        """(U,) log loss of each user."""
        return np.asarray(self.sums[name] / self.rows)

    def total(self, name: str) -> float:
        """Log loss over all rows."""
        return float(self.sums[name].sum() / self.rows.sum())

    def of_pool(self) -> np.ndarray:
        """(U, K) summed log loss of each base model, which all have one."""
        return np.stack([self.sums[name] for name in self.pool], axis=1)


def user_losses(rows: QueryRows, names: Iterable[str]) -> UserLosses:
    """Of those of `names` and of the pool that have logits; users in any order."""
    logits = {
        name: rows.logits[name]
        for name in dict.fromkeys((*rows.pool, *names))
        if name in rows.logits
    }
    ids, of_row = np.unique(rows.users, return_inverse=True)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # logits that are not finite, or near the end of float64
        sums = {
            name: np.bincount(of_row, row_log_loss(rows.y, values), len(ids))
            for name, values in logits.items()
        }
    return UserLosses(
        ids, of_row, np.bincount(of_row, minlength=len(ids)).astype(float), sums, rows.pool
    )


def first_highest(values: np.ndarray) -> np.ndarray:
    """(U,) the first column of the highest value, or of one equal to it but for rounding. values (U, K) finite."""
    highest = values.max(axis=1, keepdims=True)
    return np.asarray((values >= highest - EQUAL * np.abs(highest)).argmax(axis=1))


def is_shared(weights: np.ndarray) -> np.ndarray:
    """(U,) whether several columns have the highest weight, so that it chooses none of them. weights (U, K), K > 0."""
    highest = weights.max(axis=1, keepdims=True)
    return np.asarray((weights >= highest - _ROUNDED * np.abs(highest)).sum(axis=1) > 1)
