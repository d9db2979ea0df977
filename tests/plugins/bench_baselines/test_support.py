from __future__ import annotations

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench_baselines._support import (
    LIMIT,
    SHRINKAGE,
    SupportStatistics,
    has_support,
    support_losses,
)
from tests.plugins.bench_baselines.parts import make_tasks


def by_hand(tasks: TaskView, base_rate: float) -> np.ndarray:
    """A user at a time, of probabilities."""
    assert tasks.support.labels is not None
    found = []
    for start, stop in zip(tasks.support_ptr[:-1], tasks.support_ptr[1:], strict=True):
        y, z = (
            tasks.support.labels[start:stop],
            tasks.support_base_logits[start:stop].astype(np.float64),
        )
        p = 1 / (1 + np.exp(-z))
        right = np.where(y[:, None] == 1, p, 1 - p)
        relative = -np.log(right) + np.log(right.mean(axis=1, keepdims=True))
        rows = stop - start
        rate = (y.sum() + SHRINKAGE * base_rate) / (rows + SHRINKAGE)
        found.append([*(relative.sum(axis=0) / (rows + SHRINKAGE)), rate, np.log(1 + rows)])
    return np.array(found)


def test_statistics_are_standardised_as_training_users_have_them(
    train: TaskView, unseen: TaskView
) -> None:
    assert train.query.labels is not None
    base_rate = float(train.query.labels.mean())
    of_train, expected = by_hand(train, base_rate), by_hand(unseen, base_rate)
    standard = (expected - of_train.mean(axis=0)) / of_train.std(axis=0)
    found = SupportStatistics.fit(train).of(unseen)
    np.testing.assert_allclose(
        found[1:], np.clip(standard, -LIMIT, LIMIT)[1:], rtol=1e-6, atol=1e-6
    )


def test_a_user_without_support_is_the_mean_user(train: TaskView, unseen: TaskView) -> None:
    assert not has_support(unseen)[0]
    assert has_support(unseen)[1:].all()
    found = SupportStatistics.fit(train).of(unseen)
    assert (found[0] == 0).all()
    assert np.abs(found[1:]).min(axis=1).max() > 0


def test_a_statistic_that_all_share_says_nothing(
    interactions: Interactions, base_logits: np.ndarray
) -> None:
    """Two models that are one: neither is better than the average on any support."""
    tasks = make_tasks(interactions, np.arange(1, 40), base_logits[:, [0, 0]])
    found = SupportStatistics.fit(tasks).of(tasks)
    np.testing.assert_allclose(found[:, :2], 0, atol=1e-9)
    np.testing.assert_allclose(found[:, 2:].std(axis=0), 1, atol=0.2)


def test_losses_are_summed_by_user(unseen: TaskView) -> None:
    assert unseen.support.labels is not None
    p = 1 / (1 + np.exp(-unseen.support_base_logits.astype(np.float64)))
    losses = -np.log(np.where(unseen.support.labels[:, None] == 1, p, 1 - p))
    expected = [
        losses[a:b].sum(axis=0)
        for a, b in zip(unseen.support_ptr[:-1], unseen.support_ptr[1:], strict=True)
    ]
    np.testing.assert_allclose(support_losses(unseen), expected, rtol=1e-12)
