from __future__ import annotations

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench_baselines._losses import mean_mixture_loss
from bench_baselines.simplex import Simplex
from bench_baselines.user_bayes import UserBayes
from bench_baselines.user_best import UserBest
from tests.plugins.bench_baselines.kinds import draw_kinds
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user


def fitted(train: TaskView, valid: TaskView, **params: object) -> UserBayes:
    selector = UserBayes(UserBayes.Params.model_validate(params))
    selector.fit(train, valid, CONTEXT)
    return selector


def weights_of(selector: UserBayes | UserBest | Simplex, tasks: TaskView) -> np.ndarray:
    weights = selector.predict(tasks).weights
    assert weights is not None
    return weights


@pytest.mark.parametrize("prior", ["uniform", "train-query"])
@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_weights_are_the_prior_times_the_likelihood_of_the_support(
    train: TaskView, valid: TaskView, unseen: TaskView, prior: str, rate: float
) -> None:
    """Bayes' rule as it is written, in products of probabilities."""
    simplex = Simplex(Simplex.Params())
    simplex.fit(train, valid, CONTEXT)
    start = np.full(3, 1 / 3) if prior == "uniform" else weights_of(simplex, unseen)[0]
    found = weights_of(fitted(train, valid, prior=prior, learning_rates=(rate,)), unseen)
    assert unseen.support.labels is not None
    p = 1 / (1 + np.exp(-unseen.support_base_logits.astype(np.float64)))
    likelihood = np.where(unseen.support.labels[:, None] == 1, p, 1 - p)
    for user in range(len(unseen.support_ptr) - 1):
        own = likelihood[unseen.support_ptr[user] : unseen.support_ptr[user + 1]]
        posterior = start * own.prod(axis=0) ** rate
        expected = np.tile(posterior / posterior.sum(), (len(of_user(unseen, found, user)), 1))
        np.testing.assert_allclose(of_user(unseen, found, user), expected, rtol=1e-9, atol=1e-15)


def test_with_a_learning_rate_of_0_it_is_the_average(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    found = weights_of(fitted(train, valid, learning_rates=(0.0,)), unseen)
    np.testing.assert_allclose(found, np.full((len(unseen.query), 3), 1 / 3), rtol=1e-15)


@pytest.mark.parametrize("prior", ["uniform", "train-query"])
def test_with_a_very_large_one_it_is_user_best(
    train: TaskView, valid: TaskView, unseen: TaskView, prior: str
) -> None:
    best = UserBest(UserBest.Params())
    best.fit(train, valid, CONTEXT)
    found = weights_of(fitted(train, valid, prior=prior, learning_rates=(1e6,)), unseen)
    supported = slice(unseen.query_ptr[1], None)  # user 0 has no support
    np.testing.assert_allclose(found[supported], weights_of(best, unseen)[supported], atol=1e-12)


def test_the_learning_rate_is_the_one_that_does_best_on_validation_users_query(
    interactions: Interactions,
) -> None:
    kinds = draw_kinds(interactions)
    grid = (3.0, 0.0, 0.1, 0.01)
    losses = {
        rate: mean_mixture_loss(
            weights_of(fitted(kinds.train, kinds.valid, learning_rates=(rate,)), kinds.valid),
            kinds.valid,
        )
        for rate in grid
    }
    selector = fitted(kinds.train, kinds.valid, learning_rates=grid)
    assert selector.chosen == {"learning_rate": min(losses, key=lambda rate: losses[rate])}
    assert selector.details == {"candidates": 4}
    trusted = np.where(kinds.first, *weights_of(selector, kinds.test).T)
    assert trusted.mean() > 0.9


def test_a_tie_goes_to_the_smallest(interactions: Interactions, base_logits: np.ndarray) -> None:
    """Nobody has support: every learning rate is the average."""
    tasks = make_tasks(interactions, np.arange(1, 20), base_logits, support_share=0.0)
    assert fitted(tasks, tasks, learning_rates=(1.0, 0.1)).chosen == {"learning_rate": 0.1}


def test_losses_of_tens_of_thousands_do_not_underflow(
    interactions: Interactions, base_logits: np.ndarray
) -> None:
    tasks = make_tasks(interactions, np.arange(1, 40), 3000 * base_logits)
    weights = weights_of(fitted(tasks, tasks, learning_rates=(1.0,)), tasks)
    np.testing.assert_allclose(weights.sum(axis=1), 1)


@pytest.mark.parametrize("rates", [(), (-0.1,), (float("inf"),), (float("nan"),)])
def test_learning_rates_out_of_range_are_refused(rates: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="learning_rates"):
        UserBayes.Params(learning_rates=rates)
