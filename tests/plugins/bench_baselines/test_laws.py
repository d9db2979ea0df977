"""What holds for every selector of the package, whatever it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from bench.interfaces import Selection
from bench.learn import DifferentiableSelector, Gating
from bench.registry.global_state import GlobalState, kept
from bench.settings import TrainSettings
from bench_baselines import bench_selectors
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks, of_user

Make = Callable[[], Any]
FASTER: dict[str, dict[str, Any]] = {"context-gate": {"epochs": 3}}
MORE = {
    "stacking of boosted trees": ("stacking", {"learner": "boosted-trees"}),
    "user-bayes from training users' weights": ("user-bayes", {"prior": "train-query"}),
    "user-calibration of the level": ("user-calibration", {"slope": False}),
}
BY_LOT = ("context-gate", "mlp", "random", "user-cluster")  # k-means draws its starts
CASES = {name: (name, FASTER.get(name, {})) for name in bench_selectors()} | MORE


@pytest.fixture(params=CASES)
def make(request: pytest.FixtureRequest) -> Make:
    """A fresh selector, as the harness would make it."""
    name, params = CASES[request.param]
    module, _, attribute = bench_selectors()[name].partition(":")
    selector = getattr(import_module(module), attribute)

    def made() -> Any:
        plugin = selector(selector.Params(**params))
        differentiable = isinstance(plugin, DifferentiableSelector)
        return Gating(plugin, TrainSettings(batch_size=256, epochs=1)) if differentiable else plugin

    return made


def values(selection: Selection, tasks: TaskView) -> np.ndarray:
    """(n, K) weights or (n,) logits, which are exactly one of them, finite, and weights on the simplex."""
    assert (selection.weights is None) != (selection.logits is None)
    if selection.weights is None:
        assert selection.logits is not None
        assert selection.logits.shape == (len(tasks.query),)
        assert np.isfinite(selection.logits).all()
        return selection.logits
    assert selection.weights.shape == tasks.query_base_logits.shape
    assert (selection.weights >= 0).all()
    np.testing.assert_allclose(selection.weights.sum(axis=1), 1, atol=1e-6)
    return selection.weights


def predict(selector: Any, tasks: TaskView) -> np.ndarray:
    return values(selector.predict(tasks), tasks)


def test_two_fits_with_one_seed_are_the_same_to_the_last_bit_and_leave_global_state_alone(
    make: Make, train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    with kept():  # what libraries set when they are first imported
        make().fit(train, valid, CONTEXT)
    outer, predictions = GlobalState(), []
    try:
        for seed in (0, 1):
            np.random.seed(seed)
            torch.manual_seed(seed)
            before, selector = GlobalState(), make()
            selector.fit(train, valid, CONTEXT)
            predictions.append(predict(selector, unseen))
            assert before.changes() == []
    finally:
        outer.restore()
    assert predictions[0].tobytes() == predictions[1].tobytes()


def test_permuting_users_permutes_the_predictions_and_each_is_alone(
    make: Make,
    interactions: Interactions,
    base_logits: np.ndarray,
    train: TaskView,
    valid: TaskView,
) -> None:
    """User 0 has no support: in company it gets what it gets alone, and so does everyone."""
    selector = make()
    selector.fit(train, valid, CONTEXT)
    users = np.array([0, *range(45, 60)])
    shuffled = np.random.default_rng(3).permutation(len(users))
    one, other = (
        make_tasks(interactions, order, base_logits).without_query_labels()
        for order in (users, users[shuffled])
    )
    straight, permuted = predict(selector, one), predict(selector, other)
    for position, user in enumerate(shuffled):
        found = of_user(other, permuted, position)
        np.testing.assert_allclose(found, of_user(one, straight, int(user)), rtol=1e-5, atol=1e-6)
    for position in (0, 7):
        alone = make_tasks(
            interactions, users[position : position + 1], base_logits
        ).without_query_labels()
        expected = of_user(one, straight, position)
        np.testing.assert_allclose(predict(selector, alone), expected, rtol=1e-5, atol=1e-6)


def test_nobody_has_support(
    make: Make,
    interactions: Interactions,
    base_logits: np.ndarray,
    train: TaskView,
    valid: TaskView,
    unseen: TaskView,
) -> None:
    """Neither those it is fitted on nor those it is asked of; or the latter alone."""
    groups = (np.arange(1, 40), np.arange(40, 50), np.arange(50, 60))
    without = [make_tasks(interactions, users, base_logits, support_share=0.0) for users in groups]
    assert all(len(tasks.support) == 0 for tasks in without)
    for fitted_on in ((train, valid), (without[0], without[1])):
        selector = make()
        selector.fit(*fitted_on, CONTEXT)
        predict(selector, without[2].without_query_labels())
        predict(selector, unseen)


def test_a_pool_of_one_model_is_a_pool(
    make: Make, interactions: Interactions, base_logits: np.ndarray, unseen: TaskView
) -> None:
    groups = (np.arange(1, 40), np.arange(40, 50), np.array([0, *range(50, 60)]))
    train, valid, test = (make_tasks(interactions, users, base_logits[:, :1]) for users in groups)
    selector = make()
    selector.fit(train, valid, CONTEXT)
    found = predict(selector, test.without_query_labels())
    assert found.ndim == 1 or (found == 1).all()


def test_duplicated_and_saturated_models_do_no_harm(
    make: Make, interactions: Interactions, base_logits: np.ndarray
) -> None:
    extreme = np.stack([base_logits[:, 0], base_logits[:, 0], 300 * base_logits[:, 1]], axis=1)
    groups = (np.arange(1, 40), np.arange(40, 50), np.array([0, *range(50, 60)]))
    train, valid, test = (make_tasks(interactions, users, extreme) for users in groups)
    selector = make()
    selector.fit(train, valid, CONTEXT)
    predict(selector, test.without_query_labels())


def test_what_it_tunes_and_its_budget_can_be_written_to_a_record(
    make: Make, train: TaskView, valid: TaskView
) -> None:
    selector = make()
    selector.fit(train, valid, CONTEXT)
    for told in (getattr(selector, "chosen", {}), getattr(selector, "details", {})):
        assert json.loads(json.dumps(told, allow_nan=False)) == told


@pytest.mark.parametrize("make", [case for case in CASES if case not in BY_LOT], indirect=True)
def test_what_draws_nothing_by_lot_is_the_same_with_every_seed(
    make: Make, train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    first, second = make(), make()
    first.fit(train, valid, CONTEXT)
    second.fit(train, valid, CONTEXT._replace(seed=8))
    np.testing.assert_allclose(predict(first, unseen), predict(second, unseen), atol=1e-9)


@pytest.mark.parametrize("make", BY_LOT, indirect=True)
def test_what_draws_by_lot_draws_anew_with_another_seed(
    make: Make, train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    first, second = make(), make()
    first.fit(train, valid, CONTEXT)
    second.fit(train, valid, CONTEXT._replace(seed=8))
    assert not np.allclose(predict(first, unseen), predict(second, unseen))
