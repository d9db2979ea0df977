"""Bootstrap by user (cluster bootstrap; Davison & Hinkley 1997, ch. 3.8): all methods, all seeds, on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bench.evaluate.auc import pooled_auc
from bench.evaluate.metrics import row_log_loss
from bench.evaluate.weighted_auc import resampled_auc

__all__ = ["Resampled", "Slice", "draw_users", "resample"]


class Slice(NamedTuple):
    """One seed's test query rows. A user's id is the same in every slice: the user is drawn in all of them at once."""

    y: np.ndarray  # (n,) of 0 and 1
    users: np.ndarray  # (n,) int, any order
    logits: np.ndarray  # (M, n), a row a method


@dataclass(frozen=True)
class Resampled:
    """Each method's figures on all users, by seed, and in each of R resamples of users, mean over seeds. NaN: undefined."""

    names: tuple[str, ...]
    values: Mapping[str, np.ndarray]  # metric -> (S, M)
    draws: Mapping[str, np.ndarray]  # metric -> (R, M)
    users: int
    rows: int  # of the first seed

    @property
    def seeds(self) -> int:
        return len(next(iter(self.values.values())))


def resample(
    slices: Sequence[Slice],
    names: Sequence[str],
    *,
    metrics: Sequence[str] = ("logloss", "auc"),
    resamples: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Draw as many users as there are, with replacement, `resamples` times; a user drawn k times counts k times.

    Log loss is the mean over rows, AUC is of all rows pooled; both of each slice, then the mean over slices."""
    ids = np.unique(np.concatenate([one.users for one in slices]))
    weights = draw_users(len(ids), resamples, seed)
    values: dict[str, list[np.ndarray]] = {metric: [] for metric in metrics}
    draws = {metric: np.zeros((resamples, len(names))) for metric in metrics}
    for one in slices:
        users = np.searchsorted(ids, one.users)
        for metric in metrics:
            of_slice, of_draws = _FIGURES[metric](one, users, weights)
            values[metric].append(of_slice)
            draws[metric] += of_draws / len(slices)
    stacked = {metric: np.stack(found) for metric, found in values.items()}
    return Resampled(tuple(names), stacked, draws, len(ids), len(slices[0].y))


def draw_users(users: int, resamples: int, seed: int) -> np.ndarray:
    """(resamples, users) int32: how often each user was drawn."""
    generator = np.random.default_rng([seed, users, resamples])
    return generator.multinomial(users, np.full(users, 1 / users), size=resamples).astype(np.int32)


def _log_loss(one: Slice, users: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M,) and (R, M)"""
    losses = [row_log_loss(one.y, logits) for logits in one.logits]
    count = weights.shape[1]
    sums = np.stack([np.bincount(users, loss, count) for loss in losses], axis=1)  # (U, M)
    rows = weights @ np.bincount(users, minlength=count)
    with np.errstate(invalid="ignore"):  # no rows: 0 / 0; infinite losses: 0 * inf
        drawn = (weights.astype(np.float64) @ sums) / rows[:, None]
    return np.array([loss.mean() for loss in losses]), drawn


def _auc(one: Slice, users: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if one.y.min() == one.y.max():
        return np.full(len(one.logits), np.nan), np.full((len(weights), len(one.logits)), np.nan)
    drawn = [resampled_auc(one.y, logits, users, weights) for logits in one.logits]
    return np.array([pooled_auc(one.y, logits) for logits in one.logits]), np.stack(drawn, axis=1)


_FIGURES = {"logloss": _log_loss, "auc": _auc}
