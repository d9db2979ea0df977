"""`leave-last`, `temporal` and `given`: where each user's blocks start, and who chooses."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.data.splits import Given, LeaveLast, Temporal
from bench.data.splits.split import divide
from bench.errors import DataError
from bench.interfaces import Timeline


def make(plugin, **params):
    return plugin(plugin.Params.model_validate_json(json.dumps(params)))


def pointer(lengths):
    return np.concatenate([[0], np.cumsum(lengths)])


# -- leave-last


@settings(max_examples=80)
@given(st.lists(st.integers(1, 60), min_size=3, max_size=40), st.integers(1, 12))
def test_the_last_rows_are_query_and_p_is_as_long(lengths, rows):
    ptr = pointer(lengths)
    cut = make(LeaveLast, query={"rows": rows}).split(Timeline(ptr, None), 0)
    for (start, stop), at, train_at in zip(
        itertools.pairwise(ptr.tolist()), cut.cut, cut.train_cut, strict=True
    ):
        query = max(1, min(rows, (stop - start) // 3))
        assert stop - at == query
        assert at - train_at == min(query, at - start)


@settings(max_examples=80)
@given(st.lists(st.integers(1, 60), min_size=3, max_size=40), st.floats(0.01, 1 / 3))
def test_a_share_of_each_user_s_rows(lengths, share):
    ptr = pointer(lengths)
    cut = make(LeaveLast, query={"share": share}).split(Timeline(ptr, None), 0)
    assert (ptr[1:] - cut.cut).tolist() == [max(1, min(round(n * share), n // 3)) for n in lengths]


def test_most_users_train_and_the_others_choose_and_all_are_tested():
    split = divide(
        make(LeaveLast, query={"rows": 2}, users={"valid": 0.2}),
        Timeline(pointer([9] * 50), None),
        3,
    )
    assert [len(split.users(role)) for role in ("train", "valid", "test")] == [40, 10, 50]
    other = divide(
        make(LeaveLast, query={"rows": 2}, users={"valid": 0.2}),
        Timeline(pointer([9] * 50), None),
        4,
    )
    assert (split.role != other.role).any()
    assert split.setting == "warm"
    assert not split.hides_users


def test_short_users_keep_what_they_can():
    split = divide(make(LeaveLast, users={"valid": 0.5}), Timeline(pointer([1, 2, 3, 40]), None), 0)
    assert split.cut.tolist() == [0, 2, 5, 36]
    assert split.train_cut.tolist() == [0, 1, 4, 26]
    assert 0 not in [*split.users("train"), *split.users("valid")], "one row is for the test alone"


@pytest.mark.parametrize(
    "params",
    [
        {"query": {}},
        {"query": {"rows": 3, "share": 0.1}},
        {"query": {"share": 0.5}},
        {"users": {"valid": 0.0}},
    ],
)
def test_leave_last_refuses(params):
    with pytest.raises(ValidationError):
        make(LeaveLast, **params)


# -- temporal


def timeline(draw_times):
    """Users' times, each ascending, as the data hold them."""
    times = [sorted(own) for own in draw_times]
    return Timeline(
        pointer([len(own) for own in times]), np.array([t for own in times for t in own])
    )


TIMES = st.lists(st.lists(st.integers(100, 140), min_size=1, max_size=12), min_size=4, max_size=20)


@settings(max_examples=100)
@given(TIMES, st.integers(100, 139), st.integers(1, 30))
def test_two_moments_divide_every_row(times, first, gap):
    line = timeline(times)
    cut = make(Temporal, times=[float(first), float(first + gap)]).split(line, 0)
    for user, (start, stop) in enumerate(itertools.pairwise(line.user_ptr.tolist())):
        for row in range(start, stop):
            time = line.order[row]
            assert (row >= cut.cut[user]) == (time >= first + gap)
            assert (row >= cut.train_cut[user]) == (time >= first)


@settings(max_examples=100)
@given(TIMES, st.sampled_from([0.1, 0.2, 0.3]))
def test_shares_of_rows_give_moments_that_part_no_tie(times, share):
    line = timeline(times)
    try:
        cut = make(Temporal, query={"share": share}).split(line, 0)
    except DataError:
        return
    query = np.arange(len(line.order)) >= np.repeat(cut.cut, np.diff(line.user_ptr))
    assert line.order[~query].max(initial=0) < line.order[query].min()
    assert query.mean() >= share - 0.5 / len(query) - 1e-12


def test_nothing_learned_lies_after_what_is_tested():
    rng = np.random.default_rng(0)
    line = timeline(rng.integers(0, 10_000, size=(40, 30)).tolist())
    split = divide(make(Temporal), line, 0)
    assert line.order[~split.in_query].max() < line.order[split.rows("test", "query")].min()
    assert abs(split.in_query.mean() - 0.1) < 0.01
    assert abs(split.in_train_query.mean() - 0.1) < 0.01


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Timeline(pointer([5, 5]), None), "the dataset has no order"),
        (Timeline(pointer([3, 2]), np.array([1, 2, 3, 1, 2])), "numbers each user's own rows"),
        (
            Timeline(pointer([3, 2]), np.array([0.0, 1.0, 2.0, 0.0, 1.0])),
            "numbers each user's own rows",
        ),
        (Timeline(pointer([3, 2]), np.array([7, 7, 7, 7, 7])), "all have one time"),
    ],
)
def test_temporal_refuses_what_has_no_common_time(line, reason):
    with pytest.raises(DataError, match=f"^protocol 'temporal': .*{reason}"):
        make(Temporal).split(line, 0)


@pytest.mark.parametrize("times", [[1.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0, 3.0]])
def test_moments_are_two_in_order(times):
    with pytest.raises(ValidationError, match="two moments"):
        make(Temporal, times=times)


# -- given


def test_the_given_division_is_taken_as_it_is():
    part = np.array([0, 0, 1, 0, 1, 1, 1, 0, 0], np.uint8)
    line = Timeline(pointer([3, 3, 1, 2]), None, np.array([0, 1, 2, 2], np.uint8), part)
    split = divide(make(Given, setting="warm"), line, 0)
    assert split.rows("train", "query").tolist() == [2]
    assert split.rows("valid", "query").tolist() == [4, 5]
    assert split.rows("test", "query").tolist() == [6]
    assert split.users("test").tolist() == [2], "a user without a query row has no task"
    assert split.setting == "warm"


def test_without_a_given_division_the_fix_is_named():
    with pytest.raises(
        DataError,
        match=r"brings no division; name its columns, `split: \{users: COLUMN, part: COLUMN\}`",
    ):
        make(Given).split(Timeline(pointer([3, 3]), None), 0)
