"""NDCG against the plain definition: every order of tied rows, user by user."""

from __future__ import annotations

from itertools import pairwise, permutations
from math import log2

import numpy as np
import pytest

from bench.evaluate.inference.slices import Slice
from bench.evaluate.metrics.ndcg import NDCG
from bench.interfaces import MetricRows


def metric(k: int = 10) -> NDCG:
    return NDCG(NDCG.Params(k=k))


def rows_of(y: list[int], users: list[int]) -> MetricRows:
    return Slice.of_labels(
        np.array(y, np.uint8), np.array(users, np.int32), np.zeros((1, len(y)))
    ).rows


def dcg(gains: list[int], k: int) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains[:k], start=1))


def oracle(y: np.ndarray, logits: np.ndarray, k: int) -> float:
    """One user: the mean over all orders that the logits allow."""
    allowed = [
        order
        for order in permutations(range(len(y)))
        if all(logits[a] >= logits[b] for a, b in pairwise(order))
    ]
    best = dcg(sorted(y.tolist(), reverse=True), k)
    return float(np.mean([dcg([int(y[row]) for row in order], k) for order in allowed]) / best)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_mean_over_all_orders_of_ties(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 7)
    users = np.repeat(np.arange(7), sizes)
    y, logits = rng.integers(0, 2, len(users)), rng.integers(0, 3, len(users)).astype(np.float64)
    found = metric(k).compute(rows_of(y.tolist(), users.tolist()), logits)
    with_positives = [user for user in range(7) if y[users == user].any()]
    expected = [oracle(y[users == user], logits[users == user], k) for user in with_positives]
    assert found.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.counts == {"users": 7, "users_scored": len(with_positives)}


def test_by_hand() -> None:
    """Ranks 2 and 3 are positive; the best order has ranks 1 and 2."""
    found = metric().compute(rows_of([0, 1, 1], [4, 4, 4]), np.array([3.0, 2.0, 1.0]))
    assert found.value == pytest.approx((1 / log2(3) + 1 / 2) / (1 + 1 / log2(3)))


def test_a_constant_prediction_is_worth_the_same_in_any_order_of_the_file() -> None:
    values = [
        metric(2).compute(rows_of(y, [0] * 4), np.zeros(4)).value
        for y in ([1, 0, 0, 0], [0, 0, 0, 1])
    ]
    assert values[0] == values[1] == pytest.approx((1 + 1 / log2(3)) / 4)


def test_users_without_positives_are_left_out_and_counted() -> None:
    rows = rows_of([1, 0, 0, 0], [0, 0, 1, 1])
    found = metric().compute(rows, np.array([2.0, 1.0, 3.0, 4.0]))
    assert (found.value, found.counts) == (1.0, {"users": 2, "users_scored": 1})
    nobody = metric().compute(rows_of([0, 0], [0, 1]), np.zeros(2))
    assert (nobody.value, nobody.reason) == (None, "none of the 2 users has a positive row")


def test_a_monotone_map_changes_nothing_and_k_cuts() -> None:
    rng = np.random.default_rng(3)
    users, y = np.repeat(np.arange(9), 12), rng.integers(0, 2, 108)
    rows, logits = rows_of(y.tolist(), users.tolist()), rng.normal(size=108)
    assert metric(3).compute(rows, logits).value == metric(3).compute(rows, np.exp(logits)).value
    assert metric(12).compute(rows, logits).value == metric(99).compute(rows, logits).value
    assert metric(1).compute(rows, logits).value != metric(12).compute(rows, logits).value


def test_nothing_to_score_is_no_value() -> None:
    assert metric().compute(rows_of([], []), np.zeros(0)).reason == "no rows"
    assert metric().compute(rows_of([1], [0]), np.array([np.nan])).reason == "1 of 1 logits are NaN"
