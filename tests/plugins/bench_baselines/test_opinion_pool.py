"""`simplex`: weights of a linear opinion pool against general minimisers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from bench.data.views.rows import TaskView
from bench_baselines._losses import log_losses
from bench_baselines._opinion_pool import pool_weights
from bench_baselines.simplex import Simplex
from tests.plugins.bench_baselines.parts import CONTEXT


def draw_losses(seed: int, rows: int, models: int, scale: float) -> np.ndarray:
    """(rows, models) of models that know something of the labels, their logits `scale` wide."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size=rows)
    logits = rng.normal(size=(rows, models)) + np.outer(2 * labels - 1, rng.random(models))
    return log_losses(scale * logits, labels[:, None])


def mixture_loss(weights: np.ndarray, losses: np.ndarray) -> float:
    with np.errstate(divide="ignore"):
        return float(-logsumexp(np.log(weights) - losses, axis=1).mean())


def minimum(losses: np.ndarray) -> float:
    """By sequential quadratic programming from several starts, as the objective is written."""
    models = losses.shape[1]

    def objective(weights: np.ndarray) -> float:
        return mixture_loss(np.maximum(weights, 1e-300), losses)

    starts = [
        np.full(models, 1 / models),
        *np.random.default_rng(0).dirichlet(np.ones(models), size=3),
    ]
    found = [
        minimize(
            objective,
            start,
            method="SLSQP",
            bounds=[(0, 1)] * models,
            constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
            options={"ftol": 1e-13, "maxiter": 1000},
        )
        for start in starts
    ]
    candidates = [np.maximum(each.x, 0) / np.maximum(each.x, 0).sum() for each in found]
    return min(mixture_loss(weights, losses) for weights in candidates)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_the_loss_is_the_minimum_that_sequential_quadratic_programming_finds(
    seed: int, scale: float
) -> None:
    losses = draw_losses(seed, rows=200, models=4, scale=scale)
    assert abs(mixture_loss(pool_weights(losses), losses) - minimum(losses)) < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_where_models_are_duplicates(seed: int) -> None:
    """Duplicates share: neither is preferred."""
    losses = draw_losses(seed, rows=150, models=3, scale=1.0)[:, [0, 1, 0, 2, 2]]
    weights = pool_weights(losses)
    assert abs(mixture_loss(weights, losses) - minimum(losses)) < 1e-6
    np.testing.assert_allclose(weights[[0, 3]], weights[[2, 4]], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_where_models_saturate(seed: int) -> None:
    """Probabilities that are 0 and 1 in float64: losses of hundreds."""
    losses = draw_losses(seed, rows=60, models=3, scale=200.0)
    assert losses.max() > 300
    assert abs(mixture_loss(pool_weights(losses), losses) - minimum(losses)) < 1e-6


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(1, 60),
    models=st.integers(1, 6),
    scale=st.sampled_from([0.0, 0.01, 1.0, 30.0, 700.0]),
)
def test_no_direction_on_the_simplex_leads_down(
    seed: int, rows: int, models: int, scale: float
) -> None:
    """The condition of Karush, Kuhn and Tucker, which is sufficient as the loss is convex: no model's mean likelihood
    relative to the mixture's is above 1."""
    losses = draw_losses(seed, rows, models, scale)
    weights = pool_weights(losses)
    assert abs(weights.sum() - 1) < 1e-12
    assert (weights >= 0).all()
    mixture = logsumexp(np.log(np.maximum(weights, 1e-300)) - losses, axis=1, keepdims=True)
    assert np.exp(-losses - mixture).mean(axis=0).max() < 1 + 1e-6


def test_pseudo_rows_are_rows_on_which_one_model_alone_is_right() -> None:
    losses = draw_losses(0, rows=50, models=3, scale=1.0)
    right = np.full((6, 3), 800.0)
    right[[0, 1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 2]] = 0.0
    found = pool_weights(losses, np.array([3.0, 2.0, 1.0]))
    np.testing.assert_allclose(found, pool_weights(np.concatenate([losses, right])), atol=1e-4)


def test_without_rows_the_weights_are_those_of_the_prior() -> None:
    np.testing.assert_allclose(
        pool_weights(np.empty((0, 3)), np.array([6.0, 3.0, 1.0])), [0.6, 0.3, 0.1], atol=1e-6
    )


def test_the_selector_has_those_of_the_training_users_query_in_every_row(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    selector = Simplex(Simplex.Params())
    selector.fit(train, valid, CONTEXT)
    weights = selector.predict(unseen).weights
    assert train.query.labels is not None
    assert weights is not None
    expected = pool_weights(log_losses(train.query_base_logits, train.query.labels[:, None]))
    np.testing.assert_array_equal(weights, np.tile(expected, (len(unseen.query), 1)))
    assert selector.chosen == {"weights": dict(zip(train.models, expected.tolist(), strict=True))}
