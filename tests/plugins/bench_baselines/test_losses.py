from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.data.views.rows import TaskView
from bench.evaluate import mixture_logits
from bench_baselines._losses import average_logits, known_labels, log_losses, mean_mixture_loss

logits = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(-500, 500)
)


@settings(max_examples=50)
@given(logits)
def test_average_is_the_mixture_of_equal_weights(base_logits: np.ndarray) -> None:
    weights = np.full(base_logits.shape, 1 / base_logits.shape[1])
    np.testing.assert_allclose(
        average_logits(base_logits), mixture_logits(weights, base_logits), rtol=1e-12, atol=1e-12
    )


def test_average_of_moderate_logits_is_the_logit_of_the_mean_probability() -> None:
    base_logits = np.random.default_rng(0).normal(size=(100, 4))
    p = (1 / (1 + np.exp(-base_logits))).mean(axis=1)
    np.testing.assert_allclose(
        average_logits(base_logits), np.log(p) - np.log(1 - p), rtol=1e-12, atol=1e-14
    )


def test_average_is_exact_where_probabilities_are_1_in_float64() -> None:
    """The mean of two failure chances exp(-z): log 2 beside the smaller logit where the other one is far beyond."""
    np.testing.assert_allclose(
        average_logits(np.array([[50.0, 700.0]])), [50 + np.log(2)], rtol=1e-15
    )
    np.testing.assert_allclose(
        average_logits(np.array([[-50.0, -700.0]])), [-50 - np.log(2)], rtol=1e-15
    )


def test_log_loss_is_that_of_the_probability_and_exact_in_the_tails() -> None:
    np.testing.assert_allclose(
        log_losses(np.array([0.3, 0.3]), np.array([1, 0])),
        [-np.log(1 / (1 + np.exp(-0.3))), -np.log(1 - 1 / (1 + np.exp(-0.3)))],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        log_losses(np.array([-800.0, 50.0]), np.array([1, 1])), [800.0, np.exp(-50.0)], rtol=1e-14
    )


def test_labels_broadcast_over_models() -> None:
    losses = log_losses(np.array([[1.0, -1.0], [1.0, -1.0]]), np.array([[1], [0]]))
    np.testing.assert_array_equal(losses, losses[::-1, ::-1])
    assert losses[0, 0] < losses[0, 1]


def test_the_mean_loss_of_a_mixture_is_that_of_the_mixed_probability(valid: TaskView) -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(3), size=len(valid.query))
    p = (weights / (1 + np.exp(-valid.query_base_logits.astype(np.float64)))).sum(axis=1)
    assert valid.query.labels is not None
    expected = -np.log(np.where(valid.query.labels == 1, p, 1 - p)).mean()
    np.testing.assert_allclose(mean_mixture_loss(weights, valid), expected, rtol=1e-12)


def test_withheld_labels_are_an_error_not_a_guess(unseen: TaskView) -> None:
    with pytest.raises(ValueError, match="withheld"):
        known_labels(unseen.query)
