from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.rows import TaskView
from bench_baselines._losses import log_losses
from bench_baselines._opinion_pool import pool_weights
from bench_baselines.greedy import Greedy, best_bag
from tests.plugins.bench_baselines.parts import CONTEXT


def draw(seed: int, rows: int, models: int, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (rows, models) and labels (rows,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size=rows)
    return scale * (
        rng.normal(size=(rows, models)) + np.outer(2 * labels - 1, rng.random(models))
    ), labels


def loss_of_mean(probabilities: np.ndarray, labels: np.ndarray, bag: list[int]) -> float:
    p = np.mean([probabilities[:, model] for model in bag], axis=0)
    return float(-np.log(np.where(labels == 1, p, 1 - p)).mean())


def by_hand(logits: np.ndarray, labels: np.ndarray, steps: int) -> list[int]:
    """Every bag on the way, of probabilities, and the best of them."""
    p, models = 1 / (1 + np.exp(-logits)), range(logits.shape[1])
    bags: list[list[int]] = [[]]
    for _ in range(steps + 1):
        bags.append(
            min(
                ([*bags[-1], model] for model in models),
                key=lambda bag: loss_of_mean(p, labels, bag),
            )
        )
    # the smallest of those that are alike
    return min(bags[1:], key=lambda bag: round(loss_of_mean(p, labels, bag), 12))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_it_is_the_best_bag_on_the_way(seed: int, steps: int) -> None:
    logits, labels = draw(seed, rows=40, models=4)
    bag = by_hand(logits, labels, steps)
    counts = best_bag(log_losses(logits, labels[:, None]), steps)
    np.testing.assert_array_equal(counts, np.bincount(bag, minlength=4))


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(1, 30),
    models=st.integers(1, 5),
    steps=st.integers(0, 12),
    scale=st.sampled_from([0.1, 1.0, 10.0, 700.0]),
)
def test_it_is_never_worse_than_the_best_single_model_on_its_own_rows(
    seed: int, rows: int, models: int, steps: int, scale: float
) -> None:
    logits, labels = draw(seed, rows, models, scale)
    losses = log_losses(logits, labels[:, None])
    counts = best_bag(losses, steps)
    assert 1 <= counts.sum() <= steps + 1
    with np.errstate(divide="ignore"):
        mixed = -np.logaddexp.reduce(np.log(counts / counts.sum()) - losses, axis=1).mean()
    assert mixed <= losses.mean(axis=0).min() * (1 + 1e-12)


def test_without_steps_it_is_the_best_single_and_with_many_it_nears_the_best_weights(
    train: TaskView,
) -> None:
    assert train.query.labels is not None
    losses = log_losses(train.query_base_logits, train.query.labels[:, None])
    single = best_bag(losses, steps=0)
    assert single.sum() == 1
    assert losses.mean(axis=0)[single.argmax()] == losses.mean(axis=0).min()
    many = best_bag(losses, steps=300)
    np.testing.assert_allclose(many / many.sum(), pool_weights(losses), atol=0.05)


def test_the_selector_averages_the_bag_of_the_training_users_query(
    train: TaskView, valid: TaskView, unseen: TaskView
) -> None:
    selector = Greedy(Greedy.Params(steps=9))
    selector.fit(train, valid, CONTEXT)
    assert train.query.labels is not None
    counts = best_bag(log_losses(train.query_base_logits, train.query.labels[:, None]), 9)
    weights = selector.predict(unseen).weights
    np.testing.assert_array_equal(weights, np.tile(counts / counts.sum(), (len(unseen.query), 1)))
    assert selector.chosen == {"bag": dict(zip(train.models, counts.tolist(), strict=True))}
