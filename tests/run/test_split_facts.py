"""What is said of a split, against its definition row by row."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.splits.base_predictions import FitPlan
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
def test_later_training_rows_are_those_after_some_test_row(split, draw):
    order = [50 + value for value in values(draw, split, 9)]  # no rank from 0 or 1
    trained = [
        r.row
        for r in described(split)
        if trained_by_hand(r, name_of(split), "out-of-sample", "star", 2, 0)
    ]
    first = min(order[row] for row in split.rows("test", "query").tolist())
    found = facts_of(split, data(split, order))["later_training_share"] if trained else None
    assert not trained or found == sum(order[row] > first for row in trained) / len(trained)


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
    found = facts_of(split, data(split, rank))["later_training_share"]
    assert longest == 1 or found is None


@settings(max_examples=20)
@given(splits().filter(has_query))
def test_without_an_order_nothing_is_said_of_time(split):
    facts = facts_of(split, data(split))
    assert facts["tie_share"] is None
    assert facts["later_training_share"] is None


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
