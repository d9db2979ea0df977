"""Sorting by packed keys, a range of users at a time: the order of np.lexsort, and repeats as a person counts them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.encoding import ordering
from bench.data.encoding.hashing import content_key
from bench.data.encoding.ordering import RowKeys, order_rows
from bench.data.encoding.packed_sort import sorted_rows
from bench.data.tables import room
from bench.data.tables.room import InMemory, OnDisk

INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
KEYS = {
    np.int32: st.integers(-3, 3) | st.integers(-(2**31), 2**31 - 1),
    np.uint8: st.integers(0, 2),
    np.int64: st.integers(-3, 3) | st.integers(INT64.min, INT64.max),
    np.uint64: st.integers(0, 3) | st.integers(0, UINT64.max),
    np.float64: st.sampled_from([0.0, -0.0, -1.5, 1.5, 5e-324, -np.inf, np.inf, 1e300]),
}


@st.composite
def keys(draw: st.DrawFn) -> list[np.ndarray]:
    rows = draw(st.integers(1, 30))
    kinds = draw(st.lists(st.sampled_from(list(KEYS)), min_size=1, max_size=4))
    return [
        np.array(draw(st.lists(KEYS[kind], min_size=rows, max_size=rows)), dtype=kind)
        for kind in kinds
    ]


@settings(max_examples=300)
@given(keys())
def test_rows_are_in_the_order_of_lexsort(columns):
    assert sorted_rows(columns).tolist() == np.lexsort(columns[::-1]).tolist()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows(rows):
    assert sorted_rows([np.zeros(rows, np.uint64)]).tolist() == list(range(rows))


def test_keys_that_need_all_bits():
    columns = [np.array([UINT64.max, 0], np.uint64), np.array([INT64.max, INT64.min])]
    assert sorted_rows(columns).tolist() == [1, 0]
    assert sorted_rows(columns[::-1]).tolist() == [1, 0]


def test_the_two_zeros_are_one():
    assert sorted_rows([np.array([0.0, -0.0, -1.0, 0.0])]).tolist() == [2, 0, 1, 3]


@st.composite
def rows_of_users(draw: st.DrawFn) -> dict[str, np.ndarray]:
    rows = draw(st.integers(1, 40))

    def column(most: int, kind: type) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(0, most), min_size=rows, max_size=rows)), kind)

    users = np.unique(column(5, np.int32), return_inverse=True)[1].astype(np.int32) + 1
    return {
        "users": users,
        "items": column(3, np.int32) + 1,
        "order": column(3, np.int64),
        "labels": column(1, np.uint8),
        "feature": column(1, np.int64),
        "part": column(1, np.uint8),
    }


@settings(max_examples=150)
@given(rows_of_users(), st.booleans(), st.booleans(), st.sampled_from([1, 7, 10**6]), st.booleans())
def test_the_order_of_rows_and_their_repeats(
    tmp_path_factory, drawn, has_order, has_part, at_once, on_disk
):
    users, items, labels = drawn["users"], drawn["items"], drawn["labels"]
    content = content_key([labels, drawn["feature"]])
    place = OnDisk(tmp_path_factory.mktemp("room")) if on_disk else InMemory()
    texts = pa.array([str(number) for number in range(int(users.max()))]), pa.array(list("abcd"))
    told = RowKeys(
        users,
        items,
        texts,
        place.keep([drawn["order"]], drawn["order"].dtype) if has_order else None,
        place.keep([content], content.dtype),
        labels,
        drawn["part"] if has_part else None,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_AT_ONCE", at_once)
        patch.setattr(room, "WINDOW", 4)
        pair = np.concatenate(list(ordering._pair_hashes(told)))
        found = order_rows(told, np.bincount(users)[1:], place)
        permutation, identity = found.permutation.load(), found.identity.load()
    order = [drawn["order"]] if has_order else []
    part = [drawn["part"]] if has_part else []
    assert permutation.tolist() == np.lexsort([content, pair, *order, *part, users]).tolist()
    known = np.stack([users, items, *order, labels, drawn["feature"]]).T.tolist()
    known = [tuple(row) for row in known]
    assert len(set(identity.tolist())) == len(set(known))
    assert found.repeats.exact_duplicates == len(known) - len(set(known))
    pairs = [tuple(row) for row in np.stack([users, items]).T.tolist()]
    assert found.repeats.repeated_pairs == len(pairs) - len(set(pairs))
    moments = Counter(row[:-1] for row in {row[:-1] for row in known})
    assert found.repeats.contradictory == sum(count == 2 for count in moments.values())
