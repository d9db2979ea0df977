"""A user's support in a few numbers: how well each base model does on it, how much the user likes, how long it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.data.views.by_user import sum_by_user, user_blocks
from bench.interfaces import Tasks
from bench_baselines._losses import average_logits, known_labels, log_losses

SHRINKAGE = 5.0  # rows as the average has them, which are added to every user's own
LIMIT = 5.0  # standard deviations; beyond, a statistic says no more


def support_losses(tasks: Tasks) -> np.ndarray:
    """(users, K) float64: each base model's log loss summed over a user's support; 0 where there is none."""
    labels, ptr = known_labels(tasks.support), tasks.support_ptr
    sums = np.empty((len(ptr) - 1, len(tasks.models)))
    for users in user_blocks(ptr):
        own = ptr[users.start : users.stop + 1]
        rows = slice(own[0], own[-1])
        losses = log_losses(tasks.support_base_logits[rows], labels[rows, None])
        sums[users] = np.stack([sum_by_user(column, own - own[0]) for column in losses.T], axis=1)
    return sums


def has_support(tasks: Tasks) -> np.ndarray:
    """(users,) bool."""
    return np.asarray(np.diff(tasks.support_ptr) > 0)


class SupportStatistics(NamedTuple):
    """Statistics standardised as training users who have support have them.

    Columns: each of K models' mean log loss relative to the average's, the rate of positives, log(1 + rows). Means are
    shrunk: `SHRINKAGE` rows on which models do as the average does, with labels of the base rate, are added."""

    base_rate: float
    centre: np.ndarray  # (K + 2,)
    scale: np.ndarray  # (K + 2,)

    @classmethod
    def fit(cls, train: Tasks) -> SupportStatistics:
        base_rate = float(known_labels(train.query).mean())
        raw = _raw(train, base_rate)[has_support(train)]
        if not len(raw):
            return cls(base_rate, np.zeros(raw.shape[1]), np.ones(raw.shape[1]))
        spread = raw.std(axis=0)
        # what is left of one is rounding
        constant = spread <= 1e-12 * (1 + np.abs(raw).max(axis=0))
        return cls(base_rate, raw.mean(axis=0), np.where(constant, 1.0, spread))

    def of(self, tasks: Tasks) -> np.ndarray:
        """(users, K + 2) float64 within ±LIMIT; a user without support is the mean user: 0 throughout."""
        standard = np.clip((_raw(tasks, self.base_rate) - self.centre) / self.scale, -LIMIT, LIMIT)
        return np.where(has_support(tasks)[:, None], standard, 0.0)


def _raw(tasks: Tasks, base_rate: float) -> np.ndarray:
    """(users, K + 2)"""
    labels, ptr = known_labels(tasks.support), tasks.support_ptr
    rows = np.diff(ptr)
    average = sum_by_user(log_losses(average_logits(tasks.support_base_logits), labels), ptr)
    relative = (support_losses(tasks) - average[:, None]) / (rows + SHRINKAGE)[:, None]
    rate = (sum_by_user(labels, ptr) + SHRINKAGE * base_rate) / (rows + SHRINKAGE)
    return np.column_stack([relative, rate, np.log1p(rows)])
