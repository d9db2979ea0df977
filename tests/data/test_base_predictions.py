"""Which rows each fit of a base model sees, against sets worked out row by row from the table of the documentation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.base_predictions import fits, fold_of, fold_of_rows, sources
from bench.data.protocols import UserHoldout
from bench.data.split import Split, divide
from bench.errors import DataError


@st.composite
def splits(draw, setting):
    """Any division in which each user has at least one query row."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=3, max_size=12))
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    role = draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    cut = [draw(st.integers(int(a), int(b) - 1)) for a, b in itertools.pairwise(ptr)]
    return Split(ptr, np.array(role, np.uint8), np.array(cut), setting, 0.3 if setting == "cold" else 0.0)


def described(split: Split):
    """(row, role of its user, whether it is a query row), one at a time."""
    for user, (start, stop) in enumerate(zip(split.user_ptr, split.user_ptr[1:], strict=False)):
        for row in range(start, stop):
            yield row, "TVE"[split.role[user]], row >= split.cut[user]


@settings(deadline=None, max_examples=80)
@given(splits("warm"), st.integers(2, 5), st.integers(0, 3))
def test_warm_rows(split, folds, seed):
    fold = fold_of_rows(split, folds, seed)
    planned = {fit.variant: fit for fit in fits(split, "out-of-sample", folds, seed)}
    source = sources(split, "out-of-sample", folds, seed)
    star, front = set(planned["star"].train.tolist()), set(planned["front"].train.tolist())
    for row, role, query in described(split):
        assert (row in star) == (not query or role == "T")
        assert (row in front) == (not query)
        for number in range(folds):
            trained = set(planned[f"fold-{number}"].train.tolist())
            assert (row in trained) == (not query and fold[row] != number)
        expected = "star" if query and role != "T" else "front" if query else f"fold-{fold[row]}"
        assert source[row] == expected


@settings(deadline=None, max_examples=80)
@given(splits("cold"), st.integers(2, 5), st.integers(0, 3))
def test_cold_rows(split, folds, seed):
    fold = fold_of(len(split.role), folds, seed)
    planned = {fit.variant: fit for fit in fits(split, "out-of-sample", folds, seed)}
    source = sources(split, "out-of-sample", folds, seed)
    assert "front" not in planned
    for row, role, _ in described(split):
        user = int(np.searchsorted(split.user_ptr, row, side="right")) - 1
        assert (row in planned["star"].train) == (role == "T")
        for number in range(folds):
            assert (row in planned[f"fold-{number}"].train) == (role == "T" and fold[user] != number)
        assert source[row] == (f"fold-{fold[user]}" if role == "T" else "star")


@settings(deadline=None, max_examples=60)
@given(st.one_of(splits("cold"), splits("warm")), st.integers(2, 5))
def test_out_of_sample_means_that_no_row_is_predicted_by_a_fit_that_saw_it(split, folds):
    source = sources(split, "out-of-sample", folds, 0)
    predicted = np.zeros(len(source), dtype=int)
    for fit in fits(split, "out-of-sample", folds, 0):
        own = fit.predict[source[fit.predict] == fit.variant]
        predicted[own] += 1
        assert not set(own.tolist()) & set(fit.train.tolist())
    assert (predicted == 1).all(), "every row has exactly one source"


@settings(deadline=None, max_examples=30)
@given(st.one_of(splits("cold"), splits("warm")))
def test_in_sample_is_one_fit_that_predicts_everything(split):
    (star,) = fits(split, "in-sample", 5, 0)
    assert star.variant == "star"
    assert len(star.predict) == split.user_ptr[-1]
    assert set(sources(split, "in-sample", 5, 0)) == {"star"}


@pytest.mark.parametrize("folds", [2, 5, 11])
def test_folds_are_seeded_and_of_like_size(folds):
    fold = fold_of(20_000, folds, seed=1)
    sizes = np.bincount(fold, minlength=folds)
    assert sizes.min() > 0.9 * 20_000 / folds
    assert (fold == fold_of(20_000, folds, seed=1)).all()
    assert (fold != fold_of(20_000, folds, seed=2)).mean() > 0.4


# -- user-holdout


def holdout(**params):
    return UserHoldout(UserHoldout.Params.model_validate(params))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 40), min_size=10, max_size=80), st.floats(0.1, 0.9))
def test_query_is_the_last_share_of_each_user_s_rows(lengths, share):
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    split = divide(holdout(support={"share": share}), ptr, None, 0)
    for start, stop, cut in zip(ptr, ptr[1:], split.cut, strict=False):
        assert stop - cut == max(1, round((stop - start) * (1 - share)))


def test_users_divide_by_share_and_seed():
    ptr = np.arange(0, 1001 * 3, 3)
    one, again, other = (divide(holdout(), ptr, None, seed) for seed in (0, 0, 1))
    assert np.bincount(one.role).tolist() == [800, 100, 100]
    assert (one.role == again.role).all()
    assert (one.role != other.role).any()


@pytest.mark.parametrize("role", ["train", "valid", "test"])
def test_a_role_without_users_is_refused(role):
    shares = {"train": 0.4, "valid": 0.3, "test": 0.3} | {role: 0.0}
    rest = next(name for name in shares if name != role)
    shares[rest] += 1 - sum(shares.values())
    with pytest.raises(DataError, match=r"no users left to .* among 10 users; .* lower min_rows_per_user"):
        divide(holdout(users=shares), np.arange(0, 33, 3), None, 0)


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match=r"shares of users add up to 0\.9; they must add up to 1"):
        holdout(users={"train": 0.7, "valid": 0.1, "test": 0.1})


def test_a_user_with_one_row_has_no_support():
    split = divide(holdout(), np.arange(0, 31), None, 0)
    assert len(split.rows("train", "support")) == 0
    assert split.pointer("test", "support").tolist() == [0] * (len(split.pointer("test", "query")))
