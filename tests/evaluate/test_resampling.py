"""The bootstrap by user against a loop over resamples that repeats rows."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate import AUC, LogLoss, Slice, resample
from bench.evaluate.inference.resampling import draw_users
from bench.interfaces import PluginParams
from tests.evaluate.slices import draws_of, grouped, make_slice, pair_auc, repeated

NAMES = ("a", "b", "c")


def slow_log_loss(y: np.ndarray, logits: np.ndarray) -> float:
    losses = [
        np.log1p(np.exp(-z if label else z))
        for label, z in zip(y.tolist(), logits.astype(float), strict=True)
    ]
    return float(np.mean(losses)) if losses else float("nan")


def test_draws_equal_a_loop_over_resamples_users_shared_between_seeds() -> None:
    slices = [make_slice(0), make_slice(1, users=31)]  # six users are in the second alone
    ids = np.unique(np.concatenate([one.users for one in slices]))
    found = resample(slices, NAMES, resamples=30, seed=5)
    assert (found.users, found.seeds, found.rows) == (31, 2, sum(len(one.y) for one in slices))
    for draw, counts in enumerate(draws_of(draw_users(len(ids), 30, 5), ids)):
        drawn = [repeated(one, counts) for one in slices]
        for method in range(3):
            loss = np.mean([slow_log_loss(one.y, one.logits[method]) for one in drawn])
            auc = np.mean([pair_auc(one.y, one.logits[method]) for one in drawn])
            assert found.draws["logloss"][draw, method] == pytest.approx(loss, abs=1e-12)
            assert found.draws["auc"][draw, method] == pytest.approx(auc, abs=1e-12)


def test_values_are_those_of_the_metrics_to_the_last_bit() -> None:
    slices = [grouped(make_slice(0)), grouped(make_slice(4))]
    found = resample(slices, NAMES, resamples=2)
    for metric in (AUC, LogLoss):
        expected = [
            [metric(PluginParams()).compute(s.rows, z).value for z in s.logits] for s in slices
        ]
        assert found.values[metric.name].tolist() == expected


def test_a_resample_has_as_many_users_as_there_are_each_equally_likely() -> None:
    weights = draw_users(40, 4000, 0)
    assert (weights.sum(axis=0) == 40).all()
    np.testing.assert_allclose(weights.mean(axis=1), 1, atol=5 / np.sqrt(4000))
    assert weights.var() == pytest.approx(1 - 1 / 40, rel=0.05)  # of a multinomial count
    # more resamples go on where fewer ended
    np.testing.assert_array_equal(draw_users(40, 50, 0), weights[:, :50])


def test_users_are_drawn_one_resample_after_another() -> None:
    generator = np.random.default_rng(7)
    drawn = [np.bincount(generator.integers(0, 9, 9), minlength=9) for _ in range(150)]
    np.testing.assert_array_equal(draw_users(9, 150, 7), np.transpose(drawn))


def test_order_of_rows_and_names_of_users_do_not_matter() -> None:
    one = make_slice(2)
    order = np.random.default_rng(0).permutation(len(one.y))
    moved = Slice.of_labels(one.y[order], one.users[order] * 10 + 1, one.logits[:, order])
    first, second = (resample([s], NAMES, resamples=40) for s in (one, moved))
    np.testing.assert_array_equal(first.draws["auc"], second.draws["auc"])
    np.testing.assert_allclose(first.draws["logloss"], second.draws["logloss"], rtol=1e-13)


def test_methods_with_equal_logits_have_equal_draws_to_the_last_bit() -> None:
    one = make_slice(3)
    found = resample(
        [one._replace(logits=one.logits[[0, 1, 0, 2, 0]])], list("vwxyz"), resamples=50
    )
    for metric in found.metrics:
        np.testing.assert_array_equal(
            found.draws[metric][:, [2, 4]], found.draws[metric][:, [0, 0]]
        )


def test_effective_users_are_users_of_equal_rows_and_fewer_of_unequal() -> None:
    y, logits = np.array([0, 1] * 4, np.uint8), np.zeros((1, 8))
    equal = resample([Slice.of_labels(y, np.arange(8) // 2, logits)], ["a"], resamples=2)
    unequal = resample(
        [Slice.of_labels(y, np.array([0] * 5 + [1, 2, 3]), logits)], ["a"], resamples=2
    )
    assert (equal.effective_users, unequal.effective_users) == (4.0, pytest.approx(64 / 28))


@pytest.mark.parametrize(
    ("logits", "metric", "reason"),
    [
        ([np.inf, 0.0, -np.inf, 1.0], "logloss", "infinite: 2 of 4 rows are surely wrong"),
        ([np.nan, 0.0, 0.0, 1.0], "logloss", "1 of 4 logits are NaN"),
        ([np.nan, 0.0, 0.0, 1.0], "auc", "1 of 4 logits are NaN"),
        ([1.5e308, 1.5e308, 0.0, 1.0], "logloss", "the sum of losses overflows"),
    ],
)
def test_why_a_figure_is_undefined(logits: list[float], metric: str, reason: str) -> None:
    one = Slice.of_labels(
        np.array([0, 0, 1, 1], np.uint8), np.arange(4), np.array([logits, [0.0, 1.0, 2.0, 3.0]])
    )
    found = resample([one], ("bad", "good"), resamples=10)
    assert np.isnan(found.values[metric][0, 0])
    assert found.undefined[metric] == {"bad": reason}
    assert np.isfinite(found.draws["logloss"][:, 1]).all()


def test_auc_of_one_class_is_undefined_log_loss_is_not() -> None:
    one = Slice.of_labels(np.ones(4, np.uint8), np.arange(4), np.arange(4.0)[None])
    found = resample([one], ["a"], resamples=10)
    assert found.undefined == {"logloss": {}, "auc": {"a": "one class: all 4 labels are 1"}}
    assert np.isnan(found.draws["auc"]).all()
