"""AUC of many resamples at once: two ways, each against scikit-learn, against repeated rows and against plain counting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.evaluate.inference import weighted_auc
from bench.evaluate.inference.user_pairs import auc_by_user_pairs
from bench.evaluate.metrics.auc import pooled_auc
from bench.evaluate.metrics.walked_auc import auc_by_walks
from tests.evaluate.slices import pair_auc, weighed_auc

Way = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
SPECIAL = [0.0, -0.0, 1e-40, -1e-40, 1.0, -1.0, np.inf, -np.inf, 1e38, 1.0 + 1e-12, 1e300]


def by_walks(
    y: np.ndarray, logits: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    return auc_by_walks(y, [logits], users, weights)[1:, 0]


WAYS = [by_walks, auc_by_user_pairs]
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


def plain_auc(
    y: np.ndarray, scores: np.ndarray, users: np.ndarray, weights: np.ndarray
) -> list[float]:
    """Every pair of a positive and a negative, in whole numbers; NaN where there is none."""
    above, below = scores[y == 1][:, None], scores[y == 0]
    twice = 2 * (above > below) + (above == below)
    found = []
    for drawn in weights.T.astype(np.int64):
        of_positives, of_negatives = drawn[users[y == 1]], drawn[users[y == 0]]
        pairs = int(of_positives.sum()) * int(of_negatives.sum())
        wins = int(of_positives @ twice @ of_negatives)
        found.append(wins / (2 * pairs) if pairs else np.nan)
    return found


@both_ways
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    drawn=st.lists(
        st.tuples(
            st.booleans(),
            st.one_of(st.sampled_from(SPECIAL), st.floats(allow_nan=False)),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=60,
    ),
    weights=st.lists(
        st.lists(st.one_of(st.integers(0, 3), st.integers(0, 255)), min_size=5, max_size=5),
        min_size=1,
        max_size=3,
    ),
)
def test_it_is_what_plain_counting_gives(
    way: Way,
    dtype: type,
    drawn: list[tuple[bool, float, int]],
    weights: list[list[int]],
) -> None:
    """Any scores, users with one class and without rows, users who are not drawn, weights up to the largest."""
    y, scores, users = (np.array(column) for column in zip(*drawn, strict=True))
    with np.errstate(over="ignore"):
        case = y.astype(np.uint8), scores.astype(dtype), users, np.array(weights, np.uint8).T
    np.testing.assert_array_equal(way(*case), plain_auc(*case))


@both_ways
@pytest.mark.parametrize("largest", [1, 2, 3, 13, 126, 127, 128, 254, 255])
@pytest.mark.parametrize("order", ["apart", "in turns", "in twos", "tied", "as drawn"])
def test_nothing_overflows_whatever_the_weights(way: Way, largest: int, order: str) -> None:
    """One user has all rows, drawn most often: as many negatives before as many positives as fit, and past every bound."""
    n = 3_000
    place = np.arange(n)
    y = {
        "apart": place >= n // 2,
        "in turns": place % 2 == 1,
        "in twos": place // 2 % 2 == 1,  # every step of the walk is full
        "tied": place % 2 == 1,
        "as drawn": np.random.default_rng(0).random(n) < 0.3,
    }[order].astype(np.uint8)
    scores = np.zeros(n) if order == "tied" else place.astype(float)
    case = y, scores, np.zeros(n, int), np.array([[largest, 1, 0]], np.uint8)
    np.testing.assert_array_equal(way(*case), plain_auc(*case))


@both_ways
@pytest.mark.parametrize("resamples", [1, 63, 64, 65, 130])
def test_each_resample_has_its_own_lane(way: Way, resamples: int) -> None:
    y, scores, users, _ = rows(4, 90, 12, 20, 0.4)
    weights = np.random.default_rng(1).integers(0, 9, (12, 200), dtype=np.uint8)
    case = y, scores, users, weights[:, :resamples]  # a view, and no whole array
    np.testing.assert_array_equal(way(*case), plain_auc(*case))


def test_each_method_has_its_own_column() -> None:
    y, scores, users, weights = rows(5, 300, 9, 40, 0.5)
    methods = [scores, -scores, scores.astype(np.float64) + 1e-9]
    found = weighted_auc.resampled_auc(y, methods, users, weights)
    once = np.column_stack([np.ones(9, np.uint8), weights])  # first of all, every row once
    expected = [plain_auc(y, one, users, once) for one in methods]
    np.testing.assert_array_equal(found, np.transpose(expected))
    np.testing.assert_array_equal(auc_by_walks(y, methods, users, weights), found)


@pytest.mark.parametrize(
    ("n", "users", "resamples", "methods", "walks"),
    [(500, 10, 20, 1, False), (500, 600, 20, 1, True), (500, 500, 2000, 40, True)],
)
def test_numba_is_imported_where_it_pays(
    n: int, users: int, resamples: int, methods: int, walks: bool
) -> None:
    script = f"""
import sys
import numpy as np
from bench.evaluate.inference.weighted_auc import resampled_auc
y, scores, users = np.arange({n}) % 2, np.arange(float({n})), np.arange({n}) % {users}
resampled_auc(y, [scores] * {methods}, users, np.ones(({users}, {resamples}), np.uint8))
print("numba" in sys.modules)
"""
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == str(walks)
