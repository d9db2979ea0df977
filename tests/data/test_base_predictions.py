"""Which rows each fit of a base model sees, against the documentation's table worked out row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.data.splits.base_predictions import FitPlan, fitted_as, fold_of
from bench.data.splits.split import ROLES, Split
from bench.errors import DataError
from bench.settings import PredictionSource
from tests.data.rows_oracle import (
    described,
    fold_by_hand,
    held_by_hand,
    name_of,
    slots,
    source_by_hand,
    splits,
    trained_by_hand,
)

SOURCES = st.sampled_from(["out-of-sample", "holdout", "in-sample"])
UNSEEN = st.sampled_from(["out-of-sample", "holdout"])
FOLDS, SEEDS = st.integers(2, 5), st.integers(0, 3)


def plan_of(split, source, folds, seed):
    return FitPlan(split, PredictionSource(base_predictions=source, folds=folds, seed=seed))


def sources_of(plan, role, part):
    return plan.predicted_by(role, part, plan.tasks.rows(role, part)).tolist()


def planned(split, *rest):
    """The fits, of splits that leave each something to learn from."""
    try:
        return plan_of(split, *rest).fits
    except DataError:
        assume(False)


ROLE = dict(zip("TVE", ROLES, strict=True))
SLOTS = [(letter, part) for letter in "TVE" for part in ("support", "query")]


@settings(max_examples=200)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_each_fit_is_trained_on_the_rows_that_the_table_says(split, source, folds, seed):
    for fit in planned(split, source, folds, seed):
        rows = described(split, source, seed)
        assert fit.train.tolist() == [
            r.row
            for r in rows
            if trained_by_hand(r, name_of(split), source, fit.variant, folds, seed)
        ]


@settings(max_examples=200)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_each_slot_s_source_is_the_one_that_the_table_says(split, source, folds, seed):
    assume(not (split.in_blocks and source == "holdout"))
    for letter, part in SLOTS:
        own = [row for row, *slot in slots(split, source, seed) if slot == [letter, part]]
        assert plan_of(split, source, folds, seed).tasks.rows(ROLE[letter], part).tolist() == [
            row.row for row in own
        ]
        assert sources_of(plan_of(split, source, folds, seed), ROLE[letter], part) == [
            source_by_hand(row, letter, part, name_of(split), source, folds, seed) for row in own
        ]


@settings(max_examples=100)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_every_slot_is_predicted_by_its_source(split, source, folds, seed):
    predicted = {
        fit.variant: set(fit.predict.tolist()) for fit in planned(split, source, folds, seed)
    }
    for letter, part in SLOTS:
        variants = sources_of(plan_of(split, source, folds, seed), ROLE[letter], part)
        rows = plan_of(split, source, folds, seed).tasks.rows(ROLE[letter], part).tolist()
        assert all(row in predicted[variant] for row, variant in zip(rows, variants, strict=True))


@settings(max_examples=200)
@given(splits(), UNSEEN, FOLDS, SEEDS)
def test_nobody_s_slot_is_predicted_by_a_fit_that_saw_the_row_or_the_task_s_query(
    split, source, folds, seed
):
    trained = {fit.variant: set(fit.train.tolist()) for fit in planned(split, source, folds, seed)}
    tasks = plan_of(split, source, folds, seed).tasks
    query = {letter: set(tasks.rows(ROLE[letter], "query").tolist()) for letter in "TVE"}
    for letter, part in SLOTS:
        variants = sources_of(plan_of(split, source, folds, seed), ROLE[letter], part)
        for row, variant in zip(tasks.rows(ROLE[letter], part).tolist(), variants, strict=True):
            assert row not in trained[variant]
            if name_of(split) != "cold":  # where a fold is one of users, who are left out whole
                assert not query[letter] & trained[variant]


@settings(max_examples=100)
@given(splits("cold"), FOLDS, SEEDS)
def test_a_holdout_in_cold_parts_the_users_of_base_models_from_those_of_tasks(split, folds, seed):
    (star,) = planned(split, "holdout", folds, seed)
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))
    fitted, held = set(owner[star.train].tolist()), held_by_hand(split, seed)
    assert fitted == held
    assert not held & set(plan_of(split, "holdout", folds, seed).tasks.users("train").tolist())
    assert len(held) == (split.role == 0).sum() // 2


@settings(max_examples=100)
@given(splits("warm"), FOLDS, SEEDS)
def test_a_holdout_in_warm_shares_its_folds_with_out_of_sample(split, folds, seed):
    rows = {
        source: [
            (fit.variant, fit.train.tolist(), fit.predict.tolist())
            for fit in planned(split, source, folds, seed)
        ]
        for source in ("out-of-sample", "holdout")
    }
    star, front, *shared = rows["out-of-sample"]
    assert rows["holdout"][1:] == shared
    assert rows["holdout"][0][1] == front[1] != star[1] or not split.rows("train", "query").size
    assert {fitted_as(variant, "holdout") for variant, *_ in shared} <= {
        fitted_as("fold-0", "out-of-sample")
    }


@settings(max_examples=50)
@given(splits(), SOURCES, SEEDS)
def test_without_folds_every_slot_is_of_the_star_fit(split, source, seed):
    assert [fit.variant for fit in planned(split, source, 0, seed)] == ["star"]
    for letter, part in SLOTS:
        assert set(sources_of(plan_of(split, source, 0, seed), ROLE[letter], part)) <= {"star"}


@settings(max_examples=100)
@given(splits(), SOURCES, FOLDS, SEEDS)
def test_no_fit_sees_a_query_row_of_validation_or_test_users(split, source, folds, seed):
    kept_out = {row.row for row, letter, part in slots(split) if part == "query" and letter != "T"}
    for fit in planned(split, source, folds, seed):
        assert not kept_out & set(fit.train.tolist())


@settings(max_examples=50)
@given(splits(), FOLDS)
def test_which_fits_there_are(split, folds):
    assert [fit.variant for fit in planned(split, "in-sample", folds, 0)] == ["star"]
    variants = {fit.variant for fit in planned(split, "out-of-sample", folds, 0)}
    used = {
        v
        for letter, part in SLOTS
        for v in sources_of(plan_of(split, "out-of-sample", folds, 0), ROLE[letter], part)
    }
    assert used <= variants
    assert ("front" in variants) == (name_of(split) != "cold")


@settings(max_examples=50)
@given(st.integers(0, 400), st.integers(2, 20), st.integers(0, 2**70))
def test_folds_are_the_seeded_hash_of_positions(count, folds, seed):
    assert fold_of(count, folds, seed).tolist() == [
        fold_by_hand(n, folds, seed) for n in range(count)
    ]


@pytest.mark.parametrize("folds", [2, 5, 11])
def test_folds_are_of_like_size_and_differ_by_seed(folds):
    fold = fold_of(20_000, folds, seed=1)
    assert np.bincount(fold, minlength=folds).min() > 0.9 * 20_000 / folds
    assert (fold != fold_of(20_000, folds, seed=2)).mean() > 0.4


@pytest.mark.parametrize("users", [2, 7, 400])
def test_the_users_of_base_models_are_half_and_differ_by_seed_alone(users):
    ptr = np.arange(0, 3 * users + 7, 3)
    split = Split(
        ptr, np.repeat([0, 1, 2], [users, 1, 1]).astype(np.uint8), ptr[1:] - 1, "cold", 0.3
    )
    held = plan_of(split, "holdout", 0, 0).held_for_base_models
    assert held.sum() == users // 2
    assert not held[users:].any()
    assert (held == plan_of(split, "holdout", 0, 0).held_for_base_models).all()
    assert (
        users < 400 or (held != plan_of(split, "holdout", 0, 1).held_for_base_models).mean() > 0.4
    )


def test_a_holdout_in_blocks_is_refused():
    ptr = np.arange(0, 13, 4)
    split = Split(ptr, np.array([0, 0, 1], np.uint8), ptr[1:] - 1, "warm", 0.0, ptr[1:] - 2)
    with pytest.raises(
        DataError,
        match="in blocks of each user's rows there is no holdout: out-of-sample is one of P",
    ):
        _ = plan_of(split, "holdout", 5, 0).fits


def test_a_holdout_that_leaves_no_task_is_refused():
    ptr = np.array([0, 4, 8, 12, 16])
    # training users without a query
    cut = np.where([user in (0, 1) for user in range(4)], ptr[1:], ptr[1:] - 1)
    split = Split(ptr, np.array([0, 0, 1, 2], np.uint8), cut, "cold", 0.3)
    with pytest.raises(
        DataError, match="holdout predictions leave methods no training user with a query row"
    ):
        _ = plan_of(split, "holdout", 5, 0).fits


def one_row_a_user(setting):
    ptr = np.arange(13)
    return Split(ptr, np.repeat([0, 1, 2], 4).astype(np.uint8), ptr[:-1], setting, 0.0)


def test_warm_without_any_support_is_refused():
    with pytest.raises(
        DataError, match=r"^out-of-sample .* warm .* without a row to learn from \(front\); take"
    ):
        _ = plan_of(one_row_a_user("warm"), "out-of-sample", 5, 0).fits
    assert len(plan_of(one_row_a_user("warm"), "in-sample", 5, 0).fits) == 1


def test_cold_with_one_training_user_is_refused():
    split = Split(
        np.array([0, 4, 8, 12]), np.array([0, 1, 2], np.uint8), np.array([3, 7, 11]), "cold", 0.3
    )
    with pytest.raises(
        DataError, match=r"cold setting need a fit without a row to learn from \(fold-\d\)"
    ):
        _ = plan_of(split, "out-of-sample", 5, 0).fits


def test_a_fold_that_holds_no_row_has_no_fit():
    split = one_row_a_user("cold")
    held = {fold_by_hand(user, 20, 0) for user in range(4)}
    assert {fit.variant for fit in plan_of(split, "out-of-sample", 20, 0).fits} == {"star"} | {
        f"fold-{n}" for n in held
    }
