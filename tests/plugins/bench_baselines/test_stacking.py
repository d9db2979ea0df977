from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.errors import DataError
from bench_baselines._losses import log_losses
from bench_baselines.stacking import Stacking
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks


def logits_of(train: TaskView, valid: TaskView, tasks: TaskView, **params: object) -> np.ndarray:
    selector = Stacking(Stacking.Params.model_validate(params))
    selector.fit(train, valid, CONTEXT)
    selection = selector.predict(tasks)
    assert selection.weights is None
    assert selection.logits is not None
    return selection.logits


@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_logistic_is_the_ridge_regression_on_the_training_users_query(
    train: TaskView, valid: TaskView, unseen: TaskView, strength: float
) -> None:
    x, y = train.query_base_logits.astype(np.float64), train.query.labels
    assert y is not None

    def objective(w: np.ndarray) -> float:
        return float(strength * log_losses(w[0] + x @ w[1:], y).sum() + (w[1:] ** 2).sum() / 2)

    w = minimize(objective, np.zeros(4), tol=1e-10).x
    expected = w[0] + unseen.query_base_logits.astype(np.float64) @ w[1:]
    np.testing.assert_allclose(logits_of(train, valid, unseen, C=strength), expected, atol=5e-3)


@pytest.mark.parametrize("learner", ["logistic", "boosted-trees"])
def test_it_does_better_than_every_base_model(
    interactions: Interactions, base_logits: np.ndarray, valid: TaskView, learner: str
) -> None:
    """Trees need more rows than a regression does: most of each user's."""
    train = make_tasks(interactions, np.arange(1, 40), base_logits, support_share=0.1)
    tasks = make_tasks(interactions, np.arange(40, 60), base_logits, support_share=0.1)
    labels = tasks.query.labels
    assert labels is not None
    stacked = log_losses(
        logits_of(train, valid, tasks.without_query_labels(), learner=learner), labels
    ).mean()
    assert stacked < log_losses(tasks.query_base_logits, labels[:, None]).mean(axis=0).min()


@pytest.mark.parametrize("learner", ["logistic", "boosted-trees"])
def test_it_learns_from_the_query_of_training_users_alone(
    train: TaskView, valid: TaskView, unseen: TaskView, learner: str
) -> None:
    def flipped(view: View) -> View:
        assert view.labels is not None
        return View(view.interactions, view.index, 1 - view.labels)

    before = logits_of(train, valid, unseen, learner=learner)
    other_support = replace(
        train, support=flipped(train.support), support_base_logits=-train.support_base_logits
    )
    other_valid = replace(valid, query=flipped(valid.query), support=flipped(valid.support))
    np.testing.assert_array_equal(
        logits_of(other_support, other_valid, unseen, learner=learner), before
    )
    other_query = replace(train, query=flipped(train.query))
    assert not np.allclose(logits_of(other_query, valid, unseen, learner=learner), before)


@pytest.mark.parametrize("learner", ["logistic", "boosted-trees"])
def test_two_fits_are_the_same_to_the_last_bit(
    interactions: Interactions, base_logits: np.ndarray, valid: TaskView, learner: str
) -> None:
    """On more rows than trees draw their bins from (10,000): what is drawn is drawn from the seed."""
    train = make_tasks(interactions, np.tile(np.arange(1, 60), 12), base_logits, support_share=0.2)
    assert len(train.query) > 10_000
    first, second = (logits_of(train, valid, valid, learner=learner) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert len(np.unique(first)) > 10


def test_a_query_of_one_class_is_refused(
    interactions: Interactions, base_logits: np.ndarray, valid: TaskView
) -> None:
    ones = make_tasks(
        interactions,
        np.arange(1, 40),
        base_logits,
        labels=np.ones(len(interactions), dtype=np.uint8),
    )
    with pytest.raises(
        DataError, match=r"stacking: the training users' \d+ query rows hold one class alone"
    ):
        Stacking(Stacking.Params()).fit(ones, valid, CONTEXT)


def test_a_setting_of_another_learner_is_refused() -> None:
    with pytest.raises(ValueError, match="C is a setting of learner 'logistic'"):
        Stacking.Params(learner="boosted-trees", C=2.0)
    assert Stacking.Params(**Stacking.Params(learner="boosted-trees").model_dump()).C == 1.0
