"""Metrics against scikit-learn and plain loops, and the laws that they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from bench.evaluate import AUC, GAUC, LogLoss, Slice, relaimpr, row_log_loss
from bench.evaluate.metrics.metrics import mean_log_loss
from bench.interfaces import Metric, PluginParams, Score

METRICS: list[type[Metric]] = [AUC, LogLoss, GAUC]


def score(metric: type[Metric], y: object, logits: object, users: object | None = None) -> Score:
    y = np.asarray(y, dtype=np.uint8)
    groups = np.zeros(len(y), np.int32) if users is None else np.asarray(users, np.int32)
    return metric(PluginParams()).compute(
        Slice.of_labels(y, groups, np.empty(0)).rows, np.asarray(logits)
    )


def random_rows(
    seed: int, n: int = 150, levels: int = 30
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, float32 logits with many ties, and ragged users, sorted."""
    rng = np.random.default_rng(seed)
    logits = rng.integers(-levels, levels, n).astype(np.float32) * np.float32(5 / levels)
    y = (rng.random(n) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    return y, logits, np.sort(rng.integers(0, 40, n)).astype(np.int32)


def slow_auc(y: np.ndarray, logits: np.ndarray) -> float:
    """Every pair of a positive and a negative."""
    pairs = logits[y == 1].astype(float)[:, None] - logits[y == 0].astype(float)[None, :]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def slow_gauc(y: np.ndarray, logits: np.ndarray, users: np.ndarray) -> tuple[float, int]:
    total, weight, scored = 0.0, 0, 0
    for user in sorted(set(users.tolist())):
        mine = users == user
        if 0 < y[mine].sum() < mine.sum():
            total += slow_auc(y[mine], logits[mine]) * mine.sum()
            weight += int(mine.sum())
            scored += 1
    return total / weight, scored


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auc_and_logloss_equal_scikit_learn_with_ties(seed: int, dtype: type) -> None:
    y, logits, _ = random_rows(seed, n=3000, levels=[5, 2000][seed % 2])
    logits = logits.astype(dtype)
    probabilities = 1 / (1 + np.exp(-logits.astype(float)))
    assert score(AUC, y, logits).value == pytest.approx(roc_auc_score(y, logits), abs=1e-12)
    assert score(LogLoss, y, logits).value == pytest.approx(log_loss(y, probabilities), abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_gauc_equals_a_loop_over_users(seed: int) -> None:
    y, logits, users = random_rows(seed)
    value, scored = slow_gauc(y, logits, users)
    got = score(GAUC, y, logits, users)
    assert got.value == pytest.approx(value, abs=1e-12)
    assert got.counts == {"users": len(set(users.tolist())), "users_scored": scored}
    assert (
        scored < got.counts["users"]
    )  # some users have one class, or the test shows less than it says


@given(st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=30))
@settings(max_examples=60)
def test_auc_is_the_share_of_ordered_pairs_and_invariant_under_monotone_maps(
    rows: list[tuple[bool, int]],
) -> None:
    y = np.array([label for label, _ in rows], np.uint8)
    logits = np.array([logit for _, logit in rows], float)
    got = score(AUC, y, logits)
    if 0 < y.sum() < len(y):
        assert got.value == pytest.approx(slow_auc(y, logits), abs=1e-15)
        assert score(AUC, y, logits**3 * 1e-30 + 5e-30).value == got.value
        assert score(AUC, 1 - y, -logits).value == got.value
    else:
        assert got.value is None


@pytest.mark.parametrize("metric", METRICS)
def test_a_permutation_of_rows_changes_nothing(metric: type[Metric]) -> None:
    y, logits, users = random_rows(3)
    order = np.random.default_rng(0).permutation(len(y))
    assert score(metric, y[order], logits[order], users[order]).value == pytest.approx(
        score(metric, y, logits, users).value, abs=1e-14
    )


@pytest.mark.fault(16)
def test_constant_scores_are_a_half() -> None:
    y, logits, users = random_rows(1)
    assert score(AUC, y, np.zeros_like(logits)).value == 0.5
    assert score(GAUC, y, np.zeros_like(logits), users).value == 0.5


def test_gauc_weighs_users_by_their_rows() -> None:
    y, logits, users = [0, 1, 1, 0, 0, 0], [0.0, 1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1, 1, 1]
    assert score(GAUC, y, logits, users).value == pytest.approx((1.0 * 2 + 0.0 * 4) / 6)


def test_log_loss_is_exact_where_probabilities_saturate() -> None:
    assert score(LogLoss, [1], [-800.0]).value == 800.0
    assert score(LogLoss, [1], [40.0]).value == pytest.approx(math.exp(-40), rel=1e-12)
    assert score(LogLoss, [0, 1], np.array([-100.0, 100.0], np.float32)).value == pytest.approx(
        math.exp(-100), rel=1e-12
    )


def test_log_loss_survives_infinite_logits() -> None:
    assert score(LogLoss, [1, 0], [np.inf, -np.inf]).value == 0.0
    wrong = score(LogLoss, [0, 1, 1], [np.inf, -np.inf, 0.0])
    assert wrong == Score(None, "infinite: 2 of 3 rows are surely wrong")


def test_a_sum_of_losses_beyond_float64_has_no_value_and_a_reason() -> None:
    assert score(LogLoss, [0, 0], [1.5e308, 1.5e308]) == Score(None, "the sum of losses overflows")


@pytest.mark.parametrize("grouped", [True, False])
def test_log_loss_and_its_parts_are_the_same_from_one_pass(grouped: bool) -> None:
    y, logits, users = random_rows(0)
    order = np.arange(len(y)) if grouped else np.random.default_rng(0).permutation(len(y))
    rows = Slice.of_labels(y[order], users[order], np.empty(0)).rows
    metric, logits = LogLoss(PluginParams()), logits[order]
    found, parts = metric.with_parts(rows, logits)
    losses = row_log_loss(rows.y, logits)
    expected = [losses[rows.users == user].sum() for user in np.unique(users)]
    assert found == metric.compute(rows, logits)
    np.testing.assert_array_equal(parts, metric.by_user(rows, logits))
    np.testing.assert_allclose(parts.numerators, expected, rtol=1e-14)
    assert parts.denominators.tolist() == np.unique(users, return_counts=True)[1].tolist()


@pytest.mark.parametrize("logits", [[np.nan, 0.0], [np.inf, 0.0], [1.5e308, 1.5e308]])
def test_where_log_loss_has_no_value_it_has_no_parts(logits: list[float]) -> None:
    rows = Slice.of_labels(np.zeros(2, np.uint8), np.arange(2), np.empty(0)).rows
    metric = LogLoss(PluginParams())
    with np.errstate(over="ignore"):
        found, parts = metric.with_parts(rows, np.array(logits))
    assert (found, parts) == (score(LogLoss, [0, 0], logits), None)


def test_row_log_loss_scores_each_model() -> None:
    y, logits = np.array([0, 1], np.uint8), np.array([[0.5, -1.0], [2.0, 0.0]])
    expected = [
        [np.log1p(np.exp(0.5)), np.log1p(np.exp(-1.0))],
        [np.log1p(np.exp(-2.0)), np.log(2)],
    ]
    np.testing.assert_allclose(row_log_loss(y, logits), expected, rtol=1e-14)


@pytest.mark.fault(17)
@pytest.mark.parametrize("metric", METRICS)
def test_an_empty_slice_has_no_value_and_a_reason(metric: type[Metric]) -> None:
    assert score(metric, [], []) == Score(None, "no rows")


@pytest.mark.fault(14)
@pytest.mark.parametrize("metric", METRICS)
def test_nan_has_no_value_and_a_reason(metric: type[Metric]) -> None:
    assert score(metric, [0, 1], [np.nan, 0.0]) == Score(None, "1 of 2 logits are NaN")


@pytest.mark.fault(17)
def test_one_class_has_no_auc_and_a_reason() -> None:
    assert score(AUC, [1, 1], [0.0, 1.0]) == Score(None, "one class: all 2 labels are 1")
    gauc = score(GAUC, [1, 1, 0], [0.0, 1.0, 2.0], [0, 0, 1])
    assert gauc == Score(
        None, "each of the 2 users has one class alone", {"users": 2, "users_scored": 0}
    )
    assert score(LogLoss, [1, 1], [0.0, 0.0]).value == pytest.approx(math.log(2))


def test_relaimpr_is_in_percent_and_undefined_at_chance() -> None:
    assert relaimpr(0.8, 0.7).value == pytest.approx(50.0)
    assert relaimpr(0.7, 0.7).value == 0.0
    assert relaimpr(0.8, 0.5) == Score(None, "the base is no better than guessing (AUC 0.5000)")
    assert relaimpr(0.8, 0.4).value is None
    assert relaimpr(None, 0.7).value is None
    assert relaimpr(0.7, None).reason == "the AUC of the base is undefined"


def test_the_mean_loss_is_that_of_the_metric_or_none() -> None:
    y, logits = np.array([1, 0, 1], np.uint8), np.array([2.0, -1.0, 0.5])
    assert mean_log_loss(y, logits) == score(LogLoss, y, logits).value
    assert mean_log_loss(y, np.array([-np.inf, 0.0, 0.0])) is None
    assert mean_log_loss(y[:0], logits[:0]) is None
