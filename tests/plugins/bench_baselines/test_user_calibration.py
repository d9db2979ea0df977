from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench.learn import Strengths, Support, calibrate, calibrated
from bench_baselines._losses import average_logits, log_losses
from bench_baselines.user_calibration import UserCalibration
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user


def fitted(train: TaskView, valid: TaskView, **params: object) -> UserCalibration:
    selector = UserCalibration(UserCalibration.Params.model_validate(params))
    selector.fit(train, valid, CONTEXT)
    return selector


def logits_of(selector: UserCalibration, tasks: TaskView) -> np.ndarray:
    selection = selector.predict(tasks)
    assert selection.weights is None
    assert selection.logits is not None
    return selection.logits


def by_hand(tasks: TaskView, strengths: Strengths) -> np.ndarray:
    assert tasks.support.labels is not None
    support = Support(
        average_logits(tasks.support_base_logits), tasks.support.labels, tasks.support_ptr
    )
    return calibrated(
        average_logits(tasks.query_base_logits), tasks.query_ptr, calibrate(support, strengths)
    )


@pytest.mark.parametrize("slope", [True, False])
def test_strengths_are_those_that_do_best_on_validation_users_query(
    train: TaskView, valid: TaskView, unseen: TaskView, slope: bool
) -> None:
    grid = (0.1, 1.0, 10.0, 100.0)
    selector = fitted(train, valid, slope=slope, strengths=grid)
    candidates = [Strengths(*pair) for pair in product(grid, grid if slope else [np.inf])]
    assert valid.query.labels is not None
    losses = [
        log_losses(by_hand(valid, strengths), valid.query.labels).mean() for strengths in candidates
    ]
    best = candidates[int(np.argmin(losses))]
    expected = {"intercept_strength": best.intercept, "slope_strength": best.slope}
    assert selector.chosen == {
        name: value for name, value in expected.items() if np.isfinite(value)
    }
    assert json.loads(json.dumps(selector.chosen, allow_nan=False)) == selector.chosen
    assert selector.details == {"candidates": len(candidates)}
    np.testing.assert_array_equal(logits_of(selector, unseen), by_hand(unseen, best))


def test_it_finds_the_users_own_levels_and_slopes(interactions: Interactions) -> None:
    """Users who differ in both: calibrating is worth more than the average, and the slope more than the intercept."""
    rng = np.random.default_rng(0)
    users = len(interactions.user_ptr) - 1
    level, slope = rng.normal(0, 2, size=users), rng.choice([0.2, 3.0], size=users)
    base_logits = np.repeat(rng.normal(0, 1.5, size=(len(interactions), 1)), 2, axis=1)
    of_row = interactions.users
    logits = level[of_row] + slope[of_row] * base_logits[:, 0]
    labels = (rng.random(len(of_row)) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    valid, test = (
        make_tasks(interactions, np.arange(*ends), base_logits, labels=labels)
        for ends in ((1, 30), (30, 60))
    )
    assert test.query.labels is not None
    with_slope, intercept_alone = (fitted(valid, valid, slope=slope) for slope in (True, False))
    average = log_losses(average_logits(test.query_base_logits), test.query.labels).mean()
    losses = [
        log_losses(logits_of(selector, test), test.query.labels).mean()
        for selector in (with_slope, intercept_alone)
    ]
    assert losses[0] < losses[1] < average


def test_a_user_without_support_keeps_the_averages_logit(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    assert unseen.support_ptr[1] == 0
    average = average_logits(unseen.query_base_logits)
    calibrated_logits = logits_of(fitted(train, valid), unseen)
    np.testing.assert_array_equal(
        of_user(unseen, calibrated_logits, 0), of_user(unseen, average, 0)
    )
    assert not np.allclose(calibrated_logits, average)


def test_permuting_users_permutes_the_predictions(
    interactions: Interactions, base_logits: np.ndarray, train: TaskView, valid: TaskView
) -> None:
    selector = fitted(train, valid)
    users = np.arange(45, 60)
    shuffled = np.random.default_rng(3).permutation(len(users))
    one, other = (
        make_tasks(interactions, order, base_logits) for order in (users, users[shuffled])
    )
    straight, permuted = logits_of(selector, one), logits_of(selector, other)
    for position, user in enumerate(shuffled):
        np.testing.assert_array_equal(
            of_user(other, permuted, position), of_user(one, straight, int(user))
        )


@pytest.mark.parametrize(
    "strengths", [(), (0.0,), (1e-4,), (-1.0,), (float("inf"),), (float("nan"),)]
)
def test_strengths_out_of_range_are_refused(strengths: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="strengths"):
        UserCalibration.Params(strengths=strengths)
