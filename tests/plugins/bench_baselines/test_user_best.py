from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench_baselines.user_best import UserBest
from tests.datasets import make_interactions
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user


def weights_of(train: TaskView, valid: TaskView, tasks: TaskView) -> np.ndarray:
    selector = UserBest(UserBest.Params())
    selector.fit(train, valid, CONTEXT)
    weights = selector.predict(tasks).weights
    assert weights is not None
    return weights


def mean_log_losses(labels: np.ndarray, base_logits: np.ndarray) -> list[float]:
    """The slow way: of probabilities, a row and a model at a time."""
    p = 1 / (1 + np.exp(-base_logits.astype(np.float64)))
    return [
        float(
            np.mean(
                [-np.log(p[row, k] if labels[row] else 1 - p[row, k]) for row in range(len(labels))]
            )
        )
        for k in range(base_logits.shape[1])
    ]


def test_weights_are_one_hot_at_the_model_with_the_lowest_loss_on_the_users_support(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    weights = weights_of(train, valid, unseen)
    assert weights.shape == (len(unseen.query), 3)
    assert set(weights.ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(weights.sum(axis=1), 1)
    chosen = set()
    for user in range(1, len(unseen.support_ptr) - 1):
        rows = slice(unseen.support_ptr[user], unseen.support_ptr[user + 1])
        assert unseen.support.labels is not None
        best = int(
            np.argmin(
                mean_log_losses(unseen.support.labels[rows], unseen.support_base_logits[rows])
            )
        )
        chosen.add(best)
        assert (of_user(unseen, weights, user).argmax(axis=1) == best).all()
    assert len(chosen) > 1


def test_without_support_it_is_the_best_model_on_the_training_users_query(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    assert unseen.support_ptr[1] == 0
    assert train.query.labels is not None
    best = int(np.argmin(mean_log_losses(train.query.labels, train.query_base_logits)))
    np.testing.assert_array_equal(
        of_user(unseen, weights_of(train, valid, unseen), 0), [np.eye(3)[best]]
    )
    selector = UserBest(UserBest.Params())
    selector.fit(train, valid, CONTEXT)
    assert json.loads(json.dumps(selector.chosen)) == {"without_support": f"model-{best}"}


def test_ties_go_to_the_model_that_is_better_on_the_training_users_query(
    interactions: Interactions,
) -> None:
    signal = 2.0 * interactions.labels() - 1
    train = make_tasks(interactions, np.arange(1, 40), signal[:, None] * [0.1, 1.0, 2.0])
    tasks = make_tasks(
        interactions, np.arange(50, 60), signal[:, None] * [0.5, 1.0, 1.0]
    ).without_query_labels()
    assert (weights_of(train, train, tasks).argmax(axis=1) == 2).all()


def test_with_much_support_it_is_the_perfect_choice_where_users_do_not_change(
    tmp_path: Path,
) -> None:
    """Each user has one model that knows the labels; the others guess."""
    interactions = make_interactions(tmp_path, users=25, items=10, rows_per_user=100, seed=2)
    rng = np.random.default_rng(0)
    knows = rng.integers(0, 4, size=25)
    signal = 2.0 * interactions.labels() - 1
    base_logits = rng.normal(size=(len(interactions), 4))
    base_logits[np.arange(len(interactions)), knows[interactions.users]] = (
        signal + rng.normal(size=len(interactions)) / 2
    )
    users = np.flatnonzero(np.diff(interactions.user_ptr) >= 50)
    tasks = make_tasks(interactions, users, base_logits)
    weights = weights_of(tasks, tasks, tasks.without_query_labels())
    assert tasks.query.labels is not None
    for position in range(len(users)):
        labels, logits = (
            of_user(tasks, tasks.query.labels, position),
            of_user(tasks, tasks.query_base_logits, position),
        )
        perfect = int(np.argmin(mean_log_losses(labels, logits)))
        assert (of_user(tasks, weights, position).argmax(axis=1) == perfect).all()


def test_permuting_users_permutes_the_choices(
    interactions: Interactions, base_logits: np.ndarray, train: TaskView, valid: TaskView
) -> None:
    users = np.arange(45, 60)
    shuffled = np.random.default_rng(3).permutation(len(users))
    one, other = (
        make_tasks(interactions, order, base_logits) for order in (users, users[shuffled])
    )
    straight, permuted = weights_of(train, valid, one), weights_of(train, valid, other)
    for position, user in enumerate(shuffled):
        np.testing.assert_array_equal(
            of_user(other, permuted, position), of_user(one, straight, int(user))
        )
