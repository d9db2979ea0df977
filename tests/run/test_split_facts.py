"""What is said of a split, against its definition row by row."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import Split
from bench.data.views import by_user
from bench.run.split_facts import split_facts
from bench.settings import PredictionSource
from tests.data.rows_oracle import described, name_of, slots, splits, trained_by_hand


def data(split, order=None, identity=None, items=None, labels=None):
    """A stand-in for a prepared dataset: what the facts are told from."""
    n = int(split.user_ptr[-1])
    return SimpleNamespace(
        user_ptr=split.user_ptr,
        users=np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr)),
        items=np.arange(n) if items is None else np.array(items),
        order=None if order is None else np.array(order),
        identity=np.arange(n, dtype=np.uint64)
        if identity is None
        else np.array(identity, dtype=np.uint64),
        labels=lambda: np.zeros(n) if labels is None else np.array(labels),
    )


def facts_of(split, interactions, base_predictions="out-of-sample", seed=0):
    source = PredictionSource(base_predictions=base_predictions, folds=5, seed=seed)
    return split_facts(FitPlan(split, source), interactions)


def values(draw, split, most):
    n = int(split.user_ptr[-1])
    return draw.draw(st.lists(st.integers(0, most), min_size=n, max_size=n))


def has_query(split):
    return len(split.users("test")) > 0


@settings(max_examples=100)
@given(splits().filter(has_query))
def test_users_and_rows_are_counted_by_role_and_part(split):
    facts, table = facts_of(split, data(split)), list(slots(split))
    for letter, role in zip("TVE", ("train", "valid", "test"), strict=True):
        assert facts["users"][role] == len({row.user for row, who, _ in table if who == letter})
        for part in ("support", "query"):
            assert facts["rows"][role][part] == sum(
                (who, what) == (letter, part) for _, who, what in table
            )
    tested = {row.user for row, who, _ in table if who == "E"}
    testable = {row.user for row in described(split) if split.in_blocks or row.role == "E"}
    assert facts["users_not_tested"] == split.untested == len(testable - tested)


@settings(max_examples=100)
@given(splits("cold").filter(has_query), st.integers(0, 3))
def test_a_holdout_in_cold_counts_the_users_of_base_models_apart(split, seed):
    facts, rows = (
        facts_of(split, data(split), "holdout", seed),
        list(described(split, "holdout", seed)),
    )
    assert facts["users"]["base_models"] == len({row.user for row in rows if row.role == "B"})
    assert facts["rows"]["base_models"] == sum(row.role == "B" for row in rows)
    assert facts["users"]["train"] == len(
        {row.user for row in rows if row.role == "T" and row.query}
    )
    assert facts["users"]["test"] == facts_of(split, data(split))["users"]["test"]


@settings(max_examples=100)
@given(splits().filter(has_query), st.data())
def test_ties_are_those_of_any_cut_within_a_user(split, draw):
    order = values(draw, split, 3)
    cuts = [split.cut] if split.train_cut is None else [split.cut, split.train_cut]
    tied = [
        any(start < cut[user] < stop and order[cut[user] - 1] == order[cut[user]] for cut in cuts)
        for user, (start, stop) in enumerate(itertools.pairwise(split.user_ptr.tolist()))
    ]
    assert facts_of(split, data(split, order))["tie_share"] == sum(tied) / len(tied)


@settings(max_examples=100)
@given(splits().filter(has_query), st.data())
def test_training_after_test_compares_each_tested_row_with_other_users_training_rows(split, draw):
    order = [50 + value for value in values(draw, split, 9)]  # no rank from 0 or 1
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr)).tolist()
    trained = [
        r.row
        for r in described(split)
        if trained_by_hand(r, name_of(split), "out-of-sample", "star", 2, 0)
    ]
    shares = []
    for row in split.rows("test", "query").tolist():
        others = [one for one in trained if owner[one] != owner[row]]
        if others:
            shares.append(sum(order[one] > order[row] for one in others) / len(others))
    found = facts_of(split, data(split, order))["training_after_test"]
    assert found == (pytest.approx(sum(shares) / len(shares)) if shares else None)


def of_times(times, cuts):
    """leave-last's blocks of users with rows at `times` (users, rows), the query from `cuts` (users,) on."""
    rows = times.shape[1]
    ptr = np.arange(0, times.size + 1, rows)
    role = np.zeros(len(times), dtype=np.uint8)
    role[:2] = 1
    split = Split(ptr, role, ptr[:-1] + cuts, "warm", 0.0, ptr[:-1] + np.maximum(cuts - 1, 0))
    return facts_of(split, data(split, np.sort(times, axis=1).ravel()))["training_after_test"]


def test_training_after_test_is_0_for_a_cut_in_time_and_half_for_one_without_regard_to_it():
    rng = np.random.default_rng(0)
    moments = 1000 + rng.permutation(2000).reshape(100, 20)
    in_time = np.sort(moments, axis=1)
    assert of_times(moments, (in_time < 2600).sum(axis=1)) == 0
    # each user has a time of their own: the last row is late for the user and anywhere for the others
    apart = 10_000 * rng.permutation(100)[:, None] + np.arange(20)
    assert 0.45 < of_times(apart, np.full(100, 18)) < 0.55
    # everybody is there all the time: nearly nothing is later than a user's last rows
    assert of_times(moments, np.full(100, 18)) < 0.1


@settings(max_examples=50)
@given(splits().filter(has_query))
def test_the_largest_users_share_is_of_training_rows_and_of_tested_ones(split):
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr)).tolist()
    tested = [owner[row] for row in split.rows("test", "query").tolist()]
    trained = [
        owner[r.row]
        for r in described(split)
        if trained_by_hand(r, name_of(split), "out-of-sample", "star", 2, 0)
    ]
    found = facts_of(split, data(split))["largest_user_share"]
    for role, owners in (("train", trained), ("test", tested)):
        most = max(map(owners.count, owners), default=0)
        assert found[role] == (most / len(owners) if owners else None)


@pytest.mark.fault("41b")
@settings(max_examples=100)
@given(splits().filter(has_query), st.data())
def test_users_cut_through_copies_have_a_row_on_both_sides_of_a_task(split, draw):
    kind = values(draw, split, 2)
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr)).tolist()
    identity = [owner[row] * 3 + kind[row] for row in range(len(kind))]
    sides = {}
    for row, who, what in slots(split):
        sides.setdefault((row.user, who, identity[row.row]), set()).add(what)
    expected = {user for (user, _, _), parts in sides.items() if len(parts) == 2}
    assert facts_of(split, data(split, identity=identity))["users_cut_through_copies"] == len(
        expected
    )


@settings(max_examples=30)
@given(splits().filter(has_query), st.integers(0, 1))
def test_a_rank_within_users_is_no_time(split, first):
    rank = [
        first + row - start
        for start, stop in itertools.pairwise(split.user_ptr.tolist())
        for row in range(start, stop)
    ]
    longest = int(np.diff(split.user_ptr).max())
    found = facts_of(split, data(split, rank))["training_after_test"]
    assert longest == 1 or found is None


@settings(max_examples=20)
@given(splits().filter(has_query))
def test_without_an_order_nothing_is_said_of_time(split):
    facts = facts_of(split, data(split))
    assert facts["tie_share"] is None
    assert facts["training_after_test"] is None


@settings(max_examples=100)
@given(splits().filter(has_query), st.data(), st.booleans())
def test_contradictions_on_both_sides_share_user_item_and_order_and_differ_in_label(
    split, draw, ordered
):
    items, labels = values(draw, split, 2), values(draw, split, 1)
    order = values(draw, split, 1) if ordered else None
    groups = {}
    for row, who, what in slots(split):
        key = (row.user, items[row.row], order[row.row] if ordered else 0)
        groups.setdefault((who, key), set()).add((what, row.row))
    of_key = {}
    for row in described(split):
        key = (row.user, items[row.row], order[row.row] if ordered else 0)
        of_key.setdefault(key, set()).add(labels[row.row])
    expected = {
        key[0]
        for (_, key), rows in groups.items()
        if len({what for what, _ in rows}) == 2 and len(of_key[key]) == 2
    }
    facts = facts_of(split, data(split, order, items=items, labels=labels))
    assert facts["users_cut_through_contradictions"] == len(expected)


def test_a_manifest_has_what_is_odd_of_the_data_and_who_made_the_split(go, write_suite):
    manifest = go(write_suite(setting="blocks"), only=("lr",))[0].manifest
    data, split = manifest["datasets"]["small"], manifest["splits"]["small/blocks"]
    assert data["odd_times"] is None
    assert data["largest_user"]["id"].startswith("u")
    assert data["largest_user"]["rows"] <= 14
    assert split["use"] == "leave-last"
    assert set(split["largest_user_share"]) == {"train", "test"}


@settings(max_examples=60)
@given(splits().filter(has_query), st.data())
def test_users_are_looked_at_a_block_of_rows_at_a_time(split, draw):
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))
    told = data(
        split,
        order=values(draw, split, 1),
        identity=owner * 2 + np.array(values(draw, split, 1)),
        items=values(draw, split, 1),
        labels=values(draw, split, 1),
    )
    with pytest.MonkeyPatch.context() as patched:
        whole = facts_of(split, told)
        patched.setattr(by_user, "BLOCK", 3)
        assert facts_of(split, told) == whole
