"""AUC of many resamples at once: two ways, each against scikit-learn and against repeated rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bench.evaluate.inference import tournament, user_pairs, weighted_auc
from bench.evaluate.metrics.auc import pooled_auc
from tests.evaluate.slices import pair_auc, weighed_auc

Way = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
WAYS = [tournament.auc_by_tournament, user_pairs.auc_by_user_pairs]
both_ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def rows(
    seed: int, n: int, users: int, levels: int, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-levels, levels + 1, n).astype(np.float32)
    weights = np.stack(
        [np.bincount(rng.integers(0, users, users), minlength=users) for _ in range(20)], axis=1
    )
    return (
        (rng.random(n) < rate).astype(np.uint8),
        scores,
        rng.integers(0, users, n),
        weights.astype(np.uint8),
    )


@both_ways
@pytest.mark.parametrize("case", [
    (60, 6, 1000, 0.5), (400, 30, 1000, 0.1), (400, 30, 3, 0.9), (900, 5, 1, 0.5), (2500, 700, 40, 0.3), (300, 2, 0, 0.5),
    (30, 1, 5, 0.5),
])  # fmt: skip
def test_equals_repeated_rows_to_the_last_bit_and_scikit_learn(
    way: Way, case: tuple[int, int, int, float]
) -> None:
    y, scores, users, weights = rows(len(str(case)), *case)
    found = way(y, scores, users, weights)
    for drawn, auc in zip(weights.T, found, strict=True):
        index = np.repeat(np.arange(len(y)), drawn[users])
        assert auc == pooled_auc(y[index], scores[index])
        assert auc == pytest.approx(
            weighed_auc(y, scores.astype(float), drawn[users].astype(float)), abs=1e-12
        )


@both_ways
def test_the_plain_definition(way: Way) -> None:
    y, scores, users, weights = rows(3, 80, 8, 6, 0.4)
    for drawn, auc in zip(weights.T, way(y, scores, users, weights), strict=True):
        index = np.repeat(np.arange(len(y)), drawn[users])
        assert auc == pytest.approx(pair_auc(y[index], scores[index]), abs=1e-13)


@both_ways
def test_where_one_class_is_left_it_is_nan_without_a_warning(way: Way) -> None:
    y, scores, users = np.array([1, 0, 1], np.uint8), np.array([1.0, 2.0, 0.5]), np.array([0, 1, 2])
    weights = np.array([[1, 3, 0], [1, 0, 3], [1, 0, 0]], np.uint8)
    np.testing.assert_array_equal(way(y, scores, users, weights), [0.0, np.nan, np.nan])
    assert np.isnan(way(np.ones(3, np.uint8), scores, users, weights)).all()


@both_ways
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbouring_floats_are_told_apart(way: Way, dtype: type) -> None:
    base = np.array([1e-300 if dtype is np.float64 else 1e-38, 1.0, 16777216.0], dtype)
    scores = np.concatenate([base, np.nextafter(base, dtype(np.inf))])
    y, users = np.array([0, 0, 0, 1, 1, 1], np.uint8), np.arange(6)
    assert way(y, scores, users, np.ones((6, 1), np.uint8))[0] == pair_auc(y, scores) == 6 / 9
    assert way(1 - y, scores, users, np.ones((6, 1), np.uint8))[0] == 3 / 9


@both_ways
@pytest.mark.parametrize("users", [1, 2])
def test_billions_of_pairs_of_one_user(way: Way, users: int) -> None:
    """Positives at 3k + 1, negatives at 2j: pairs overflow 32 bits and, weighed, whole numbers in float32."""
    n = 50_000
    of_positives, of_negatives = 3 * np.arange(n) + 1, 2 * np.arange(n)
    # odd k tie
    twice = sum(2 * min(n, (3 * k + 2) // 2) + (k % 2 == 1 and 3 * k + 1 < 2 * n) for k in range(n))
    y = np.repeat(np.array([1, 0], np.uint8), n)
    scores = np.concatenate([of_positives, of_negatives]).astype(np.float32)
    order = np.random.default_rng(0).permutation(2 * n)
    weights = np.full((users, 2), [1, 200], np.uint8)
    found = way(y[order], scores[order], np.arange(2 * n) % users, weights)
    assert found.tolist() == [twice / (2 * n**2)] * 2


@both_ways
def test_a_monotone_map_changes_nothing_and_turning_around_mirrors(way: Way) -> None:
    y, scores, users, weights = rows(9, 500, 20, 50, 0.3)
    found = way(y, scores, users, weights)
    np.testing.assert_array_equal(way(y, scores**3, users, weights), found)
    np.testing.assert_allclose(way(y, -scores, users, weights), 1 - found, rtol=0, atol=1e-15)
    shuffled = np.random.default_rng(1).permutation(len(y))
    np.testing.assert_array_equal(
        way(y[shuffled], scores[shuffled], users[shuffled], weights), found
    )


def test_the_way_is_chosen_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    for way in WAYS:
        monkeypatch.setattr(
            weighted_auc,
            way.__name__,
            lambda *given, way=way: taken.append(way.__name__) or way(*given),
        )
    few, many = rows(0, 500, 10, 9, 0.5), rows(0, 500, 400, 9, 0.5)
    for case in (few, many):
        weighted_auc.resampled_auc(*case)
    assert taken == ["auc_by_user_pairs", "auc_by_tournament"]


def test_a_product_beyond_float32_is_taken_in_float64() -> None:
    wins = np.full((3, 3), (1 << 24) - 1)
    drawn = np.array([[1.0, 1.0, 1.0], [3.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    expected = [int(w @ wins @ w) for w in drawn.astype(int)]
    assert user_pairs._forms(wins, drawn).tolist() == expected
