"""Test query rows summed up by user: what regret, win rate, segments and per-user tables are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from bench.evaluate.analysis import QueryRows
from bench.evaluate.auc import auc_by_user
from bench.evaluate.metrics import row_log_loss

__all__ = ["TIE", "ByUser", "user_table"]

TIE = 1e-12  # two mean losses that differ by less are equal


@dataclass(frozen=True)
class ByUser:
    """One seed's query rows by user, in ascending order of user ids: U users."""

    rows: QueryRows

    @cached_property
    def users(self) -> np.ndarray:
        """(U,) distinct ids."""
        return np.unique(self.rows.users)

    @cached_property
    def of_row(self) -> np.ndarray:
        """(n,) position of each row's user."""
        return np.searchsorted(self.users, self.rows.users)

    @cached_property
    def counts(self) -> np.ndarray:
        """(U,) query rows."""
        return np.bincount(self.of_row, minlength=len(self.users))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(U,) sums of values (n,)."""
        return np.bincount(self.of_row, weights=values, minlength=len(self.users))

    def means(self, values: np.ndarray) -> np.ndarray:
        """(U,)"""
        return np.asarray(self.sums(values) / self.counts)

    @cached_property
    def losses(self) -> Mapping[str, np.ndarray]:
        """Name to (U,) mean log loss of the user's rows."""
        return {name: self.means(row_log_loss(self.rows.y, logits)) for name, logits in self.rows.logits.items()}

    @cached_property
    def pool_losses(self) -> np.ndarray:
        """(U, K) of the base models."""
        return np.stack([self.losses[model] for model in self.rows.pool], axis=1)

    @cached_property
    def best_loss(self) -> np.ndarray:
        """(U,) mean log loss of the user's best base model."""
        return np.asarray(self.pool_losses.min(axis=1))

    def mean_weights(self, name: str) -> np.ndarray:
        """(U, K) mean weights of the user's rows."""
        return np.stack([self.means(column) for column in self.rows.weights[name].T], axis=1)

    def chosen(self, name: str) -> np.ndarray:
        """(U,) position in the pool of the model with the highest mean weight."""
        return np.asarray(self.mean_weights(name).argmax(axis=1))

    def first(self, values: np.ndarray) -> np.ndarray:
        """(U,) of values (n,) that are the same in all rows of a user."""
        found = np.empty(len(self.users), dtype=values.dtype)
        found[self.of_row] = values
        return found


def user_table(rows: QueryRows, name: str) -> pa.Table:
    """A row a test user: what a method made of the user's query, beside the user's best base model. No row's label is in it.

    Where the method gives weights: mean weight per model (`weight of MODEL`), the model of the highest one, and the mean
    entropy of a row's weights in nats."""
    by_user = ByUser(rows)
    scored = auc_by_user(rows.y, rows.logits[name], by_user.of_row)
    columns: dict[str, pa.Array] = {
        "user": pa.array(by_user.users),
        "rows": pa.array(by_user.counts),
        "positives": pa.array(by_user.sums(rows.y).astype(np.int64)),
        "support_rows": pa.array(by_user.first(rows.history)),
        "logloss": _finite(by_user.losses[name]),
        "auc": _finite(scored.auc),
    }
    if rows.pool:
        best = by_user.pool_losses.argmin(axis=1)
        columns["best_model"] = pa.array(np.array(rows.pool)[best].tolist(), pa.string())
        columns["best_model_logloss"] = _finite(by_user.best_loss)
    if name in rows.weights:
        columns["chosen_model"] = pa.array(np.array(rows.pool)[by_user.chosen(name)].tolist(), pa.string())
        columns["entropy"] = pa.array(by_user.means(entropy(rows.weights[name])))
        for model, weights in zip(rows.pool, by_user.mean_weights(name).T, strict=True):
            columns[f"weight of {model}"] = pa.array(weights)
    return pa.table(columns)


def entropy(weights: np.ndarray) -> np.ndarray:
    """(n,) entropy in nats of weights (n, K)."""
    weights = np.asarray(weights, dtype=np.float64)
    return np.asarray(-np.where(weights > 0, weights * np.log(np.where(weights > 0, weights, 1.0)), 0.0).sum(axis=1))


def _finite(values: np.ndarray) -> pa.Array:
    """NaN and infinities as nulls."""
    return pa.array(values, mask=~np.isfinite(values))
