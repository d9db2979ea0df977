"""The attainable user-level bound. The perfect user-level selector profits from noise: it chooses on the rows that it is
scored on. Here each user's model is chosen on one random half of the query and scored on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.analysis import AttainableBound
from bench.evaluate.by_user import ByUser
from bench.evaluate.metrics import row_log_loss
from bench.evaluate.resampling import draw_users

__all__ = ["attainable_bound", "attainable_losses"]


def attainable_losses(by_user: ByUser, splits: int, seed: int) -> np.ndarray:
    """(U,) sums of log loss over each user's rows, mean over `splits` random halvings, each used in both directions.

    A row is scored by the model with the lowest loss on the half that it is not in; where that half has no row of the user
    (a user of one row), by the model that is best on everybody's rows. Ties go to the pool's first."""
    rows = by_user.rows
    losses = np.stack([row_log_loss(rows.y, rows.logits[model]) for model in rows.pool], axis=1)  # (n, K)
    overall = int(losses.sum(axis=0).argmin())
    total, generator = np.zeros(len(by_user.users)), np.random.default_rng(seed)
    for _ in range(splits):
        first = _half(by_user, generator)
        halves = [_sums(by_user, np.where(chosen[:, None], losses, 0.0)) for chosen in (first, ~first)]  # (U, K) each
        sizes = [by_user.sums(chosen) for chosen in (first, ~first)]
        for chosen_on, scored_on, size in ((halves[0], halves[1], sizes[0]), (halves[1], halves[0], sizes[1])):
            model = np.where(size > 0, chosen_on.argmin(axis=1), overall)
            total += scored_on[np.arange(len(model)), model]
    return np.asarray(total / splits)


def attainable_bound(of_seeds: Sequence[ByUser], *, resamples: int, splits: int, seed: int) -> AttainableBound:
    """Mean over seeds; the interval is of a bootstrap by user, percentiles."""
    ids = np.unique(np.concatenate([by_user.users for by_user in of_seeds]))
    sums, rows = np.zeros((len(of_seeds), len(ids))), np.zeros((len(of_seeds), len(ids)))
    for number, by_user in enumerate(of_seeds):
        place = np.searchsorted(ids, by_user.users)
        sums[number, place] = attainable_losses(by_user, splits, seed)
        rows[number, place] = by_user.counts
    if not np.isfinite(sums).all():
        return AttainableBound(None, None, None, splits, "a base model has an infinite loss")
    value = float((sums.sum(axis=1) / rows.sum(axis=1)).mean())
    if len(ids) < 2:
        return AttainableBound(value, None, None, splits, "one user: there is no spread over users")
    weights = draw_users(len(ids), resamples, seed).T.astype(np.float64)
    with np.errstate(invalid="ignore"):  # no row of a seed was drawn
        drawn = np.nanmean((weights @ sums.T) / (weights @ rows.T), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return AttainableBound(value, float(low), float(high), splits)


def _half(by_user: ByUser, generator: np.random.Generator) -> np.ndarray:
    """(n,) bool: half of each user's rows, at random; of an odd number the middle one at random too."""
    order = np.lexsort((generator.random(len(by_user.of_row)), by_user.of_row))
    rank = np.empty(len(order), dtype=np.int64)
    starts = np.cumsum(by_user.counts) - by_user.counts
    rank[order] = np.arange(len(order)) - np.repeat(starts, by_user.counts)
    extra = generator.integers(0, 2, size=len(by_user.counts)) * (by_user.counts % 2)
    return np.asarray(rank < (by_user.counts // 2 + extra)[by_user.of_row])


def _sums(by_user: ByUser, values: np.ndarray) -> np.ndarray:
    """(U, K)"""
    return np.stack([by_user.sums(column) for column in values.T], axis=1)
