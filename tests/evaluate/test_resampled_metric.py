"""The fast ways to resample a metric against the plain one, which repeats rows and computes it anew."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate import AUC, GAUC, LogLoss, Slice, resample
from bench.evaluate.inference.resampled_metric import figures, has_parts, recomputed
from bench.evaluate.inference.resampling import draw_users
from bench.evaluate.metrics.ndcg import NDCG
from bench.interfaces import Metric, MetricRows, PluginParams, Score, UserParts
from tests.evaluate.slices import grouped, make_slice, repeated
from tests.fixtures.popularity_metric import MedianHit, TailLogLoss

NO_PARAMS = PluginParams()
FAST: list[Metric] = [metric(NO_PARAMS) for metric in (LogLoss, AUC, GAUC, TailLogLoss)]
FAST.append(NDCG(NDCG.Params(k=3)))
by_name = pytest.mark.parametrize("metric", FAST, ids=lambda metric: metric.name)


def small(seed: int, users: int = 9, absent: int = 2) -> Slice:
    """Users of 1 to 11 rows, some with one class, some absent; users are places; items of known popularity."""
    rng = np.random.default_rng(seed)
    one = grouped(make_slice(seed, users))
    places = np.unique(one.users, return_inverse=True)[1].astype(np.int32) + absent
    y = np.where(np.isin(places, (absent, absent + 3)), 1, one.y).astype(np.uint8)
    return one._replace(
        rows=one.rows._replace(y=y, users=places, popularity=rng.integers(0, 5, len(y)))
    )


@by_name
@pytest.mark.parametrize("seed", range(6))
def test_the_fast_way_is_the_plain_way(metric: Metric, seed: int) -> None:
    one = small(seed)
    weights = draw_users(11, 60, seed)
    fast, plain = figures(metric, one, weights), recomputed(metric, one.rows, one.logits, weights)
    np.testing.assert_allclose(fast.draws, plain, rtol=1e-13, atol=1e-13)
    assert fast.values.tolist() == [metric.compute(one.rows, logits).value for logits in one.logits]
    assert np.isfinite(plain).mean() > 0.8


@by_name
def test_few_users_leave_resamples_undefined_both_ways(metric: Metric) -> None:
    one = small(1, users=2, absent=3)
    weights = draw_users(5, 80, 0)
    fast, plain = (
        figures(metric, one, weights).draws,
        recomputed(metric, one.rows, one.logits, weights),
    )
    np.testing.assert_allclose(fast, plain, rtol=1e-13, atol=1e-13)
    assert np.isnan(plain).any()
    assert np.isfinite(plain).any()


@by_name
def test_the_harness_writes_to_nothing_that_its_metrics_are_handed(metric: Metric) -> None:
    """So they need no copies, which strangers are handed: `OWN`."""
    one = small(3)
    for array in (*one.rows, one.logits):
        array.flags.writeable = False
    assert np.isfinite(figures(metric, one, draw_users(11, 5, 0)).draws).all()


@pytest.mark.parametrize("own", [AUC, LogLoss])
def test_a_stranger_that_builds_on_an_own_metric_is_handed_copies(own: type[Metric]) -> None:
    class Writes(own):  # type: ignore[misc, valid-type]
        def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
            logits[:] = rows.y
            return super().compute(rows, logits)

    one = small(3)
    before = one.logits.copy()
    found = figures(Writes(NO_PARAMS), one, draw_users(11, 5, 0))
    assert np.isnan(found.values).all()
    assert "read-only" in found.reasons[0]
    np.testing.assert_array_equal(one.logits, before)


def test_the_plain_way_repeats_the_rows_of_drawn_users() -> None:
    one = small(2)
    weights = draw_users(11, 40, 5)
    median = MedianHit(NO_PARAMS)
    draws = figures(median, one, weights).draws
    for draw, counts in enumerate(weights.T.tolist()):
        again = repeated(one, dict(enumerate(counts)))
        expected = [
            np.median(1 / (1 + np.exp(np.where(again.y == 1, -z, z).astype(float))))
            for z in again.logits
        ]
        assert draws[draw].tolist() == pytest.approx(expected)


def test_a_user_drawn_twice_is_two_users() -> None:
    class Users(Metric):
        """How many there are."""

        name = "users"
        higher_is_better = True
        version = 1

        def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
            assert (np.diff(rows.users) >= 0).all()
            return Score(float(len(np.unique(rows.users))))

    one = small(3, absent=0)
    draws = figures(Users(NO_PARAMS), one, draw_users(9, 20, 0)).draws
    assert (draws == 9).all()


def test_log_loss_has_the_bits_of_its_sums() -> None:
    one = small(4, users=40, absent=0)
    weights = draw_users(40, 200, 1)
    drawn, count = weights.T.astype(np.float64), np.bincount(one.users).astype(float)
    for place, logits in enumerate(one.logits):
        losses = np.logaddexp(0.0, np.where(one.y == 1, -logits.astype(np.float64), logits))
        expected = (drawn @ np.bincount(one.users, losses)) / (drawn @ count)
        assert figures(FAST[0], one, weights).draws[:, place].tolist() == expected.tolist()


def test_who_has_no_value_has_no_draws_and_the_others_theirs() -> None:
    one = small(5)
    bad = one._replace(logits=np.stack([np.full(len(one.y), np.inf), one.logits[1]]))
    found = figures(TailLogLoss(NO_PARAMS), bad, draw_users(11, 30, 0))
    assert found.reasons == ("a logit is infinite", "")
    assert np.isnan(found.draws[:, 0]).all()
    expected = figures(TailLogLoss(NO_PARAMS), one, draw_users(11, 30, 0)).draws[:, 1]
    assert found.draws[:, 1].tolist() == expected.tolist()


def test_a_value_that_is_not_finite_is_none() -> None:
    class Infinite(MedianHit):
        """No figure."""

        def compute(self, rows: MetricRows, logits: np.ndarray) -> Score:
            return Score(float("inf"))

    assert (
        figures(Infinite(NO_PARAMS), small(0), draw_users(11, 5, 0)).reasons
        == ("compute gave inf; where it is undefined it gives Score(None, reason)",) * 3
    )


def test_whether_a_metric_has_parts_is_told_by_who_has_a_value() -> None:
    one = small(0)
    infinite = one._replace(logits=np.full((2, len(one.y)), np.inf))
    assert [has_parts(metric, one) for metric in FAST] == [True, False, True, True, True]
    assert not has_parts(MedianHit(NO_PARAMS), one)
    assert not has_parts(TailLogLoss(NO_PARAMS), infinite)
    half = one._replace(logits=np.stack([infinite.logits[0], one.logits[0]]))
    assert has_parts(TailLogLoss(NO_PARAMS), half)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda part: UserParts(part.numerators[1:], part.denominators),
            "by_user gave 8 numerators for 9 users; give one for every user",
        ),
        (lambda part: UserParts(part.numerators * 2, part.denominators), "by_user adds up to "),
        (lambda part: UserParts(part.numerators, part.denominators * 0), "by_user adds up to inf"),
        # the right total, and other users' shares of it
        (lambda part: UserParts(*(one[::-1] for one in part)), "on a resample of users by_user "),
    ],
)
def test_parts_that_contradict_the_value_leave_no_draws(change, told: str) -> None:  # type: ignore[no-untyped-def]
    class Wrong(TailLogLoss):
        """Parts of something else."""

        def by_user(self, rows: MetricRows, logits: np.ndarray) -> UserParts:
            return change(super().by_user(rows, logits))  # type: ignore[no-any-return]

    found = figures(Wrong(NO_PARAMS), small(0), draw_users(11, 5, 0))
    assert found.untested.startswith(f"metric 'tail-logloss': {told}")
    assert np.isnan(found.draws).all()
    assert np.isfinite(found.values).all()


def test_seeds_with_other_users_are_drawn_together() -> None:
    slices = [make_slice(0), make_slice(1, users=31)]
    found = resample(slices, "abc", metrics=[GAUC(NO_PARAMS)], resamples=25, seed=3)
    weights, ids = draw_users(31, 25, 3), np.unique(slices[1].users)
    placed = [
        s._replace(rows=s.rows._replace(users=np.searchsorted(ids, s.users)))
        for s in map(grouped, slices)
    ]
    expected = np.mean(
        [recomputed(GAUC(NO_PARAMS), s.rows, s.logits, weights) for s in placed], axis=0
    )
    np.testing.assert_allclose(found.draws["gauc"], expected, rtol=1e-13)
    assert (found.metrics, found.higher_is_better) == (("gauc",), {"gauc": True})
