from __future__ import annotations

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench_baselines._losses import mean_mixture_loss, query_losses
from bench_baselines._opinion_pool import pool_weights
from bench_baselines.user_cluster import UserCluster
from tests.plugins.bench_baselines.kinds import draw_kinds
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user


def fitted(train: TaskView, valid: TaskView, **params: object) -> UserCluster:
    selector = UserCluster(UserCluster.Params.model_validate(params))
    selector.fit(train, valid, CONTEXT)
    return selector


def weights_of(selector: UserCluster, tasks: TaskView) -> np.ndarray:
    weights = selector.predict(tasks).weights
    assert weights is not None
    return weights


def test_users_of_two_kinds_are_two_clusters_with_the_weights_of_their_own(
    interactions: Interactions,
) -> None:
    kinds = draw_kinds(interactions)
    weights = weights_of(fitted(kinds.train, kinds.valid, clusters=(2,), shrinkage=5.0), kinds.test)
    assert len(np.unique(weights, axis=0)) == 2
    trusted = np.where(kinds.first, *weights.T)
    assert trusted.mean() > 0.8
    everybody = np.tile(pool_weights(query_losses(kinds.train)), (len(weights), 1))
    assert mean_mixture_loss(weights, kinds.test) < 0.7 * mean_mixture_loss(everybody, kinds.test)


def test_one_cluster_has_the_weights_of_all_who_have_support(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    losses = query_losses(train)
    everybody = pool_weights(losses)
    weights = weights_of(fitted(train, valid, clusters=(1,), shrinkage=30.0), unseen)
    expected = pool_weights(losses, 30.0 * everybody)
    supported = slice(unseen.query_ptr[1], None)  # user 0 has no support
    np.testing.assert_allclose(
        weights[supported], np.tile(expected, (len(weights[supported]), 1)), atol=1e-6
    )


def test_without_support_and_with_much_shrinkage_weights_are_everybodys(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    everybody = pool_weights(query_losses(train))
    weights = weights_of(fitted(train, valid, clusters=(4,), shrinkage=1.0), unseen)
    np.testing.assert_array_equal(of_user(unseen, weights, 0), [everybody])
    assert len(np.unique(weights, axis=0)) > 2
    shrunk = weights_of(fitted(train, valid, clusters=(4,), shrinkage=1e9), unseen)
    np.testing.assert_allclose(shrunk, np.tile(everybody, (len(shrunk), 1)), atol=1e-4)


def test_the_number_of_clusters_is_the_one_that_does_best_on_validation_users_query(
    interactions: Interactions,
) -> None:
    kinds = draw_kinds(interactions)
    grid = (3, 1, 2)
    losses = {
        count: mean_mixture_loss(
            weights_of(fitted(kinds.train, kinds.valid, clusters=(count,)), kinds.valid),
            kinds.valid,
        )
        for count in grid
    }
    selector = fitted(kinds.train, kinds.valid, clusters=grid)
    assert selector.chosen == {"clusters": min(losses, key=lambda count: losses[count])}
    assert selector.details == {"candidates": 3}


def test_there_are_no_more_clusters_than_training_users_who_differ(
    interactions: Interactions, base_logits: np.ndarray, valid: TaskView
) -> None:
    few = make_tasks(interactions, np.array([3, 4, 5]), base_logits)
    selector = fitted(few, valid, clusters=(2, 50, 60))
    assert selector.details == {"candidates": 2}
    assert selector.chosen["clusters"] <= 3
