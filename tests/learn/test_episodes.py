"""Episodes: windows stay within their user's rows, chunks hold every user once, gathering loses nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.learn.adaptation.drawing import draw
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.supports import all_as_support, support_batch
from bench.learn.adaptation.task_data import TaskData
from bench.learn.adaptation.windows import CHUNK_ROWS, CHUNK_USERS, chunks, whole
from bench.settings import MetaTrainSettings
from tests.datasets import make_interactions
from tests.learn.parts import task_data, tasks

SIZES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=40)


def lengths_only(sizes) -> TaskData:
    """Tasks of which only the pointers matter."""
    ptr = np.concatenate([[0], np.cumsum([s + q for s, q in sizes])])
    return TaskData(None, {}, None, None, ptr, ptr[:-1] + np.array([s for s, _ in sizes]))


@settings(max_examples=60)
@given(SIZES, st.integers(2, 30), st.integers(0, 5))
def test_windows_lie_within_their_user_s_rows(sizes, max_rows, seed):
    data = lengths_only(sizes)
    users = np.arange(data.users)
    windows = draw(data, users, MetaTrainSettings(max_rows=max_rows), np.random.default_rng(seed))
    full = whole(data)
    assert (windows.start >= full.start).all()
    assert (windows.stop <= full.stop).all()
    assert (windows.stop - windows.start == np.minimum(full.stop - full.start, max_rows)).all()
    assert (windows.stop > windows.cut).all(), "every window has a query"
    had_support = full.cut > full.start
    assert ((windows.cut > windows.start) == had_support).all()
    short = full.stop - full.start <= max_rows
    np.testing.assert_array_equal(windows.cut[short], full.cut[short])


@settings(max_examples=60)
@given(SIZES)
def test_chunks_hold_every_user_once_and_are_small(sizes):
    seen = []
    for chunk in chunks(whole(lengths_only(sizes))):
        longest = int((chunk.stop - chunk.start).max())
        assert len(chunk.users) <= CHUNK_USERS
        assert len(chunk.users) == 1 or longest * len(chunk.users) <= CHUNK_ROWS
        seen += chunk.users.tolist()
    assert sorted(seen) == list(range(len(sizes)))


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=30, items=6, rows_per_user=12, seed=4
    )


def test_each_user_touches_its_own_entries_once_each(interactions):
    data = task_data(interactions, tasks(interactions, [(4, 2), (0, 3), (8, 1)]), full=False)
    encoded = data.encoded["selector"]
    for chunk in chunks(whole(data)):
        batch = gather(data, chunk)
        for position, user in enumerate(chunk.users):
            mine = encoded.index[data.ptr[user] : data.ptr[user + 1]].unique()
            rows = batch.rows["selector"][position]
            assert set(rows.tolist()) == set(mine.tolist())


def test_rows_labels_and_logits_stay_with_their_user(interactions):
    view = tasks(interactions, [(4, 2), (0, 3), (8, 1)])
    data = task_data(interactions, view, full=False)
    for chunk in chunks(whole(data)):
        batch = gather(data, chunk)
        for position, user in enumerate(chunk.users):
            for block, ptr, rows, logits in (
                (batch.support, view.support_ptr, view.support, view.support_base_logits),
                (batch.query, view.query_ptr, view.query, view.query_base_logits),
            ):
                own = slice(ptr[user], ptr[user + 1])
                present = block.mask[position].bool()
                np.testing.assert_array_equal(block.labels[position][present], rows.labels[own])
                np.testing.assert_array_equal(
                    block.base_logits[position][present], logits[own].astype(float)
                )


def test_support_batches_take_turns_over_all_rows(interactions):
    data = task_data(
        interactions, tasks(interactions, [(5, 2), (0, 3), (2, 1), (7, 2)]), full=False
    )
    (chunk,) = chunks(whole(data))
    batch = gather(data, chunk)
    sizes = batch.support.mask.sum(1)
    seen = [support_batch(batch, step, 2).support.mask for step in range(35)]
    for mask in seen:
        assert (mask.sum(1) == sizes.clamp(max=2)).all()
        assert (mask <= batch.support.mask).all()
    times = sum(seen)[batch.support.mask.bool()]
    for row_times, size in zip(times.split(sizes.long().tolist()), sizes, strict=True):
        assert (row_times == 35 * min(2.0, float(size)) / max(1.0, float(size))).all(), (
            "every row as often"
        )


def test_all_as_support_holds_every_row_once(interactions):
    data = task_data(interactions, tasks(interactions, [(5, 2), (0, 3), (2, 1)]), full=True)
    (chunk,) = chunks(whole(data))
    batch = gather(data, chunk)
    joined = all_as_support(batch)
    assert joined.query is batch.query
    for position, user in enumerate(chunk.users):
        own, present = (
            slice(data.ptr[user], data.ptr[user + 1]),
            joined.support.mask[position].bool(),
        )
        np.testing.assert_array_equal(joined.support.labels[position][present], data.labels[own])
