from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench_ctr._tree_columns import CATEGORIES, TreeColumns
from tests.datasets import make_interactions


@pytest.fixture(scope="module")
def many_users(tmp_path_factory: pytest.TempPathFactory) -> Interactions:
    """More than two columns of categories hold."""
    return make_interactions(
        tmp_path_factory.mktemp("many"), users=2 * CATEGORIES + 90, items=8, rows_per_user=3
    )


def rows(interactions: Interactions, part: int) -> View:
    """Every other user's rows are training rows (0) or others (1)."""
    return View(
        interactions,
        np.flatnonzero(interactions.users % 5 == 4 if part else interactions.users % 5 != 4),
    )


def by_frequency(codes: list[int]) -> list[int]:
    """Known codes, the most frequent first, ties in the order of the codes."""
    counts = Counter(code for code in codes if code)
    return sorted(counts, key=lambda code: (-counts[code], code))


def slowly(train: View, view: View, id_columns: int, max_tags: int) -> list[list[float]]:
    """The definition, row by row: user_id, item_id, segment, tags and price."""
    nan = math.nan
    columns: list[list[float]] = [[] for _ in range(len(view))]
    for field in ("user_id", "item_id", "segment"):
        codes = [int(code) for code in train.codes(field)]
        ranked = by_frequency(codes)
        filled = math.ceil(len(ranked) / CATEGORIES)
        for row, code in zip(columns, view.codes(field), strict=True):
            place = divmod(ranked.index(code), CATEGORIES) if code in ranked else (-1, -1)
            row += [
                float(place[1]) if place[0] == own else nan
                for own in range(min(filled, max(id_columns, 1)))
            ]
            if filled > 1:
                row += [math.log(codes.count(int(code))) if code in ranked else nan]
    kept = by_frequency([int(code) for code in train.bags("tags")[1]])[:max_tags]
    pointer, codes_of_tags = view.bags("tags")
    for row, (start, stop), price in zip(
        columns, pairwise(pointer), view.values("price"), strict=True
    ):
        bag = [int(code) for code in codes_of_tags[start:stop]]
        row += [float(tag in bag) for tag in kept] + [float(len(bag)), float(price)]
    return columns


@pytest.mark.parametrize(("id_columns", "max_tags"), [(8, 32), (1, 3), (2, 0)])
def test_columns_are_those_of_the_definition(
    many_users: Interactions, id_columns: int, max_tags: int
) -> None:
    train = rows(many_users, 0)
    made = TreeColumns.fit(train, id_columns, max_tags)
    for view in (train, rows(many_users, 1)):
        expected = np.array(slowly(train, view, id_columns, max_tags))
        np.testing.assert_array_equal(made.matrix(view), expected)
        assert made.categorical.shape == (expected.shape[1],)


def test_every_training_id_is_one_category_of_one_column(many_users: Interactions) -> None:
    train = rows(many_users, 0)
    made = TreeColumns.fit(train, id_columns=8, max_tags=0)
    own = made.matrix(train)[:, made.categorical][:, :2]  # of the user
    assert (np.isnan(own).sum(axis=1) == 1).all()
    assert (
        len(np.unique(np.nan_to_num(own, nan=-1), axis=0))
        == len(np.unique(train.users))
        > CATEGORIES
    )
    assert np.nanmax(own) < CATEGORIES


def test_hidden_users_and_users_of_no_training_row_are_missing(many_users: Interactions) -> None:
    train, others = rows(many_users, 0), rows(many_users, 1)
    made = TreeColumns.fit(train, id_columns=8, max_tags=0)
    hidden = View(many_users, train.index, hide_users=True)
    user_columns = 3  # two of categories, and the count's
    assert np.isnan(made.matrix(hidden)[:, :user_columns]).all()
    assert np.isnan(made.matrix(others)[:, :user_columns]).all()


def test_training_rows_that_hide_their_user_count_for_nobody(many_users: Interactions) -> None:
    train = rows(many_users, 0)
    half = np.arange(len(train)) % 2 == 0
    hiding = TreeColumns.fit(View(many_users, train.index, hide_users=half), 8, 0)
    shown = TreeColumns.fit(train.take(~half), 8, 0)
    np.testing.assert_array_equal(hiding.matrix(train)[:, :2], shown.matrix(train)[:, :2])
