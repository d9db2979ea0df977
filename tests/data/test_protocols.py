"""`user-holdout`: who trains, validates and tests, and where each user's query starts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.data.splits import UserHoldout
from bench.data.splits.split import divide
from bench.errors import DataError
from bench.interfaces import Timeline


def holdout(**params):
    return UserHoldout(UserHoldout.Params.model_validate(params))


def pointer(lengths):
    return np.concatenate([[0], np.cumsum(lengths)])


@settings(max_examples=60)
@given(st.lists(st.integers(1, 40), min_size=10, max_size=80), st.floats(0.01, 0.99))
def test_query_is_the_last_share_of_each_user_s_rows_and_never_empty(lengths, share):
    ptr = pointer(lengths)
    split = divide(holdout(support={"share": share}), Timeline(ptr, None), 0)
    for (start, stop), cut in zip(
        itertools.pairwise(ptr.tolist()), split.cut.tolist(), strict=True
    ):
        assert stop - cut == max(1, round((stop - start) * (1 - share)))
        assert start <= cut < stop


@settings(max_examples=60)
@given(st.integers(20, 400), st.floats(0.1, 0.4), st.floats(0.1, 0.4), st.integers(0, 9))
def test_each_user_has_one_role_and_each_role_its_share(users, valid, test, seed):
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    role = divide(holdout(users=shares), Timeline(pointer([2] * users), None), seed).role
    for number, share in enumerate(shares.values()):
        assert abs((role == number).sum() - users * share) <= 1


def test_roles_are_drawn_by_seed_whatever_the_settings_of_the_query():
    ptr = pointer([3] * 1000)
    one, again, other = (divide(holdout(), Timeline(ptr, None), seed).role for seed in (0, 0, 1))
    assert np.bincount(one).tolist() == [800, 100, 100]
    assert (one == again).all()
    assert (one != other).any()
    assert (
        one == divide(holdout(support={"share": 0.5}, setting="warm"), Timeline(ptr, None), 0).role
    ).all()


def test_a_user_with_one_row_has_no_support():
    split = divide(holdout(), Timeline(pointer([1] * 30), None), 0)
    assert len(split.rows("train", "support")) == 0
    assert split.pointer("test", "support").tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("setting", "hides", "dropout"), [("cold", True, 0.4), ("warm", False, 0.0)]
)
def test_ids_are_hidden_in_cold_alone(setting, hides, dropout):
    split = divide(holdout(setting=setting, id_dropout=0.4), Timeline(pointer([3] * 20), None), 0)
    assert split.hides_users == hides
    assert split.id_dropout == dropout


@pytest.mark.parametrize("role", ["train", "valid", "test"])
def test_a_role_without_users_is_refused(role):
    shares = {"train": 0.4, "valid": 0.3, "test": 0.3} | {role: 0.0}
    rest = next(name for name in shares if name != role)
    shares[rest] += 1 - sum(shares.values())
    with pytest.raises(
        DataError, match=r"no users left to .* among 10 users; .* lower min_rows_per_user"
    ):
        divide(holdout(users=shares), Timeline(pointer([3] * 10), None), 0)


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(
        ValidationError, match=r"shares of users add up to 0\.9; they must add up to 1"
    ):
        holdout(users={"train": 0.7, "valid": 0.1, "test": 0.1})


@pytest.mark.parametrize(
    "params",
    [
        {"support": {"share": 1.0}},
        {"support": {"share": 0.0}},
        {"id_dropout": 1.0},
        {"setting": "tepid"},
        {"userz": {}},
    ],
)
def test_settings_out_of_range_are_refused(params):
    with pytest.raises(ValidationError):
        holdout(**params)
