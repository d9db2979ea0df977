from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from bench.learn.calibration import (
    Strengths,
    Support,
    calibrate,
    calibrate_by_user,
    calibrated,
    choose_strengths,
)


def draw_support(seed: int, users: int = 12) -> Support:
    """Users of 0 to 40 rows with levels and slopes of their own; user 0 has none, users 1 and 2 have one class alone."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 41, size=users)
    rows[0] = 0
    user = np.repeat(np.arange(users), rows)
    logits = rng.normal(0, 2, size=len(user))
    level, slope = rng.normal(0, 2, size=users), rng.normal(1, 1, size=users)
    labels = (rng.random(len(user)) < 1 / (1 + np.exp(-level[user] - slope[user] * logits))).astype(
        np.uint8
    )
    labels[user == 1], labels[user == 2] = 1, 0
    return Support(logits, labels, np.concatenate([[0], np.cumsum(rows)]))


def minimised(z: np.ndarray, y: np.ndarray, strengths: Strengths) -> np.ndarray:
    """One user's coefficients by a general minimiser, from the objective as it is written."""

    def objective(c: np.ndarray) -> float:
        loss = sum(
            np.logaddexp(0, -(2.0 * label - 1) * (c[0] + (1 + c[1]) * value))
            for value, label in zip(z, y, strict=True)
        )
        return float(loss + (strengths.intercept * c[0] ** 2 + strengths.slope * c[1] ** 2) / 2)

    return np.asarray(
        minimize(
            objective, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14}
        ).x
    )


@pytest.mark.parametrize("strengths", [Strengths(0.3, 3.0), Strengths(10.0, 0.1)])
def test_every_user_has_the_minimum_of_the_users_own_objective(strengths: Strengths) -> None:
    support = draw_support(seed=0)
    coefficients = calibrate(support, strengths)
    for user, (start, stop) in enumerate(zip(support.ptr[:-1], support.ptr[1:], strict=True)):
        expected = minimised(support.logits[start:stop], support.labels[start:stop], strengths)
        np.testing.assert_allclose(coefficients[user], expected, atol=1e-6)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**31),
    intercept=st.floats(1e-3, 1e9),
    slope=st.floats(1e-3, 1e9),
    scale=st.sampled_from([0.0, 1.0, 10.0, 40.0]),
)
def test_the_gradient_is_zero_even_where_base_models_saturate(
    seed: int, intercept: float, slope: float, scale: float
) -> None:
    drawn = draw_support(seed)
    support = drawn._replace(logits=drawn.logits * scale)
    coefficients = calibrate(support, Strengths(intercept, slope))
    z = calibrated(support.logits, support.ptr, coefficients)
    residual = 0.5 * (1 + np.tanh(z / 2)) - support.labels
    for user, (start, stop) in enumerate(zip(support.ptr[:-1], support.ptr[1:], strict=True)):
        own, (b, d) = slice(start, stop), coefficients[user]
        size = 1 + np.abs(support.logits[own]).sum()
        assert abs(residual[own].sum() + intercept * b) < 1e-6 * size
        assert abs((residual[own] * support.logits[own]).sum() + slope * d) < 1e-6 * size


def test_infinite_strengths_change_nothing_to_the_last_bit() -> None:
    support = draw_support(seed=1)
    coefficients = calibrate(support, Strengths(np.inf, np.inf))
    np.testing.assert_array_equal(
        calibrated(support.logits, support.ptr, coefficients), support.logits
    )


def test_an_infinite_strength_is_the_limit_of_large_ones_and_leaves_the_other_coefficient_free() -> (
    None
):
    support = draw_support(seed=2)
    for infinite, large, fixed in (
        (Strengths(np.inf, 1.0), Strengths(1e12, 1.0), 0),
        (Strengths(1.0, np.inf), Strengths(1.0, 1e12), 1),
    ):
        coefficients = calibrate(support, infinite)
        assert (coefficients[:, fixed] == 0).all()
        assert np.abs(coefficients[1:, 1 - fixed]).min() > 0
        np.testing.assert_allclose(coefficients, calibrate(support, large), atol=1e-8)


def test_a_user_without_rows_keeps_the_logit_and_no_user_at_all_is_fine() -> None:
    support = draw_support(seed=3)
    assert (calibrate(support, Strengths(1.0, 1.0))[0] == 0).all()
    nobody = Support(np.empty(0), np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
    assert calibrate(nobody, Strengths(1.0, 1.0)).shape == (0, 2)


def draw_query(support: Support, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, labels and pointer of 1 to 9 query rows a user."""
    rng = np.random.default_rng(seed)
    ptr = np.concatenate([[0], np.cumsum(rng.integers(1, 10, size=len(support.ptr) - 1))])
    return rng.normal(0, 2, size=ptr[-1]), rng.integers(0, 2, size=ptr[-1]).astype(np.uint8), ptr


def test_a_query_gets_the_coefficients_of_its_own_user() -> None:
    support, strengths = draw_support(seed=4), Strengths(1.0, 2.0)
    logits, _, ptr = draw_query(support, seed=5)
    found = calibrate_by_user(*support, logits, ptr, strengths)
    for user, (intercept, excess) in enumerate(calibrate(support, strengths)):
        own = slice(ptr[user], ptr[user + 1])
        np.testing.assert_allclose(found[own], intercept + (1 + excess) * logits[own], rtol=1e-14)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([1.0, 300.0]))
def test_with_infinite_ridge_the_prediction_is_its_base_exactly(seed: int, scale: float) -> None:
    support = draw_support(seed)
    logits, _, ptr = draw_query(support, seed + 1)
    infinite = Strengths(np.inf, np.inf)
    found = calibrate_by_user(
        (support.logits * scale).astype(np.float32),
        *support[1:],
        (logits * scale).astype(np.float32),
        ptr,
        infinite,
    )
    np.testing.assert_array_equal(found, (logits * scale).astype(np.float32))


def test_the_chosen_strengths_are_the_best_of_all_pairs() -> None:
    support = draw_support(seed=6)
    query = draw_query(support, seed=7)
    grid = (0.3, np.inf, 30.0)
    losses = {}
    for intercept in grid:
        for slope in grid:
            p = expit(calibrate_by_user(*support, query[0], query[2], Strengths(intercept, slope)))
            losses[intercept, slope] = -np.log(np.where(query[1] == 1, p, 1 - p)).mean()
    assert len(set(losses.values())) == 9
    assert choose_strengths(*support, *query, grid, grid) == min(
        losses, key=lambda pair: losses[pair]
    )


def test_a_tie_goes_to_the_strengths_that_do_least() -> None:
    support = Support(np.empty(0), np.empty(0, dtype=np.uint8), np.zeros(3, dtype=np.int64))
    query = (np.array([0.5, -1.0]), np.array([1, 1]), np.array([0, 1, 2]))
    assert choose_strengths(*support, *query, (1.0, 10.0, 0.1), (2.0, np.inf)) == (10.0, np.inf)
