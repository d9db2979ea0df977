"""Which rows each fit of a base model sees, against the documentation's table worked out row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.data.base_predictions import fits, fold_of, sources
from bench.data.split import Split
from bench.errors import DataError
from tests.data.rows_oracle import described, fold_by_hand, source_by_hand, splits, trained_by_hand

SOURCES = st.sampled_from(["out-of-sample", "in-sample"])
FOLDS, SEEDS = st.integers(2, 5), st.integers(0, 3)


def planned(split, *rest):
    """The fits, of splits that leave each something to learn from."""
    try:
        return fits(split, *rest)
    except DataError:
        assume(False)


@settings(deadline=None, max_examples=150)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_each_fit_is_trained_on_the_rows_that_the_table_says(split, source, folds, seed):
    for fit in planned(split, source, folds, seed):
        expected = [r.row for r in described(split) if trained_by_hand(r, split.setting, fit.variant, folds, seed)]
        assert fit.train.tolist() == expected


@settings(deadline=None, max_examples=150)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_each_row_s_source_is_the_one_that_the_table_says(split, source, folds, seed):
    expected = [source_by_hand(row, split.setting, source, folds, seed) for row in described(split)]
    assert sources(split, source, folds, seed).tolist() == expected


@settings(deadline=None, max_examples=100)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_each_row_is_predicted_by_exactly_one_source(split, source, folds, seed):
    of_row = sources(split, source, folds, seed)
    predicted = np.zeros(len(of_row), dtype=int)
    for fit in planned(split, source, folds, seed):
        predicted[fit.predict[of_row[fit.predict] == fit.variant]] += 1
    assert (predicted == 1).all()


@settings(deadline=None, max_examples=100)
@given(splits(), FOLDS, SEEDS)
def test_out_of_sample_no_row_is_predicted_by_a_fit_that_saw_it(split, folds, seed):
    of_row = sources(split, "out-of-sample", folds, seed)
    for fit in planned(split, "out-of-sample", folds, seed):
        own = fit.predict[of_row[fit.predict] == fit.variant]
        assert not set(own.tolist()) & set(fit.train.tolist())


@settings(deadline=None, max_examples=100)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_no_fit_sees_a_query_row_of_validation_or_test_users(split, source, folds, seed):
    kept_out = {row.row for row in described(split) if row.query and row.role != "T"}
    for fit in planned(split, source, folds, seed):
        assert not kept_out & set(fit.train.tolist())


@settings(deadline=None, max_examples=50)
@given(splits(), FOLDS)
def test_which_fits_there_are(split, folds):
    assert [fit.variant for fit in planned(split, "in-sample", folds, 0)] == ["star"]
    variants = [fit.variant for fit in planned(split, "out-of-sample", folds, 0)]
    of_row = sources(split, "out-of-sample", folds, 0)
    assert set(variants) - {"star"} == set(of_row) - {"star"} | ({"front"} if split.setting == "warm" else set())


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 400), st.integers(2, 20), st.integers(0, 2**70))
def test_folds_are_the_seeded_hash_of_positions(count, folds, seed):
    assert fold_of(count, folds, seed).tolist() == [fold_by_hand(n, folds, seed) for n in range(count)]


@pytest.mark.parametrize("folds", [2, 5, 11])
def test_folds_are_of_like_size_and_differ_by_seed(folds):
    fold = fold_of(20_000, folds, seed=1)
    assert np.bincount(fold, minlength=folds).min() > 0.9 * 20_000 / folds
    assert (fold != fold_of(20_000, folds, seed=2)).mean() > 0.4


def one_row_a_user(setting):
    ptr = np.arange(13)
    return Split(ptr, np.repeat([0, 1, 2], 4).astype(np.uint8), ptr[:-1], setting, 0.0)


def test_warm_without_any_support_is_refused():
    with pytest.raises(DataError, match=r"^out-of-sample .* warm .* without a row to learn from \(front\); take"):
        fits(one_row_a_user("warm"), "out-of-sample", 5, 0)
    assert len(fits(one_row_a_user("warm"), "in-sample", 5, 0)) == 1


def test_cold_with_one_training_user_is_refused():
    split = Split(np.array([0, 4, 8, 12]), np.array([0, 1, 2], np.uint8), np.array([3, 7, 11]), "cold", 0.3)
    with pytest.raises(DataError, match=r"cold setting need a fit without a row to learn from \(fold-\d\)"):
        fits(split, "out-of-sample", 5, 0)


def test_a_fold_that_holds_no_row_has_no_fit():
    split = one_row_a_user("cold")
    held = {fold_by_hand(user, 20, 0) for user in range(4)}
    assert {fit.variant for fit in fits(split, "out-of-sample", 20, 0)} == {"star"} | {f"fold-{n}" for n in held}
