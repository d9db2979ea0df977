"""Tasks with less support: each user's last rows, held to a loop over users."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.views.last_support import last_support
from bench.data.views.rows import TaskView, View
from tests.datasets import make_interactions

QUERY = 2  # rows a user


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(tmp_path_factory.mktemp("data"), users=12, rows_per_user=10, seed=2)


def tasks_of(interactions, lengths):
    """Users with supports of these lengths out of the first rows of the table; every other user is hidden."""
    support, owner = np.arange(sum(lengths)), np.repeat(np.arange(len(lengths)), lengths)
    query = len(support) + np.arange(QUERY * len(lengths))
    labels, rng = np.asarray(interactions.labels()), np.random.default_rng(0)
    return TaskView(
        models=("a", "b"),
        support=View(interactions, support, labels[support], owner % 2 == 1),
        query=View(interactions, query, labels[query]),
        support_ptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        query_ptr=np.arange(0, len(query) + 1, QUERY),
        support_base_logits=rng.normal(size=(len(support), 2)).astype(np.float32),
        query_base_logits=rng.normal(size=(len(query), 2)).astype(np.float32),
    )


def by_hand(tasks, rows):
    """Positions in the support that are kept, a list for each user."""
    spans = itertools.pairwise(tasks.support_ptr.tolist())
    return [list(range(start, stop))[max(0, stop - start - rows) :] for start, stop in spans]


RAGGED = st.lists(st.integers(0, 7), min_size=1, max_size=8)


@given(RAGGED, st.integers(0, 9))
def test_each_user_keeps_the_last_rows(interactions, lengths, rows):
    tasks = tasks_of(interactions, lengths)
    found, kept = last_support(tasks, rows), by_hand(tasks, rows)
    flat = list(itertools.chain(*kept))
    spans = itertools.pairwise(found.support_ptr.tolist())
    assert [found.support.index[start:stop].tolist() for start, stop in spans] == [
        tasks.support.index[own].tolist() for own in kept
    ]
    assert found.support.labels.tolist() == [tasks.support.labels[row] for row in flat]
    assert found.support.hidden.tolist() == [tasks.support.hidden[row] for row in flat]
    assert found.support_base_logits.tolist() == [
        tasks.support_base_logits[row].tolist() for row in flat
    ]
    assert found.support_ptr.dtype == np.int64
    assert (found.models, found.query) == (tasks.models, tasks.query)
    assert found.query_ptr.tolist() == tasks.query_ptr.tolist()
    assert found.query_base_logits.tolist() == tasks.query_base_logits.tolist()


@given(RAGGED)
def test_no_rows_and_all_rows(interactions, lengths):
    tasks = tasks_of(interactions, lengths)
    nothing, everything = last_support(tasks, 0), last_support(tasks, 2**31 - 1)
    assert len(nothing.support) == len(nothing.support_base_logits) == 0
    assert nothing.support_ptr.tolist() == [0] * (len(lengths) + 1)
    assert nothing.support_base_logits.shape == (0, 2)
    assert everything.support.index.tolist() == tasks.support.index.tolist()
    assert everything.support_base_logits.tobytes() == tasks.support_base_logits.tobytes()
    assert everything.support_ptr.tolist() == tasks.support_ptr.tolist()


@given(RAGGED, st.integers(0, 9), st.integers(0, 9))
def test_the_last_rows_of_the_last_rows_are_the_fewer(interactions, lengths, one, other):
    tasks = tasks_of(interactions, lengths)
    twice, once = (
        last_support(last_support(tasks, one), other),
        last_support(tasks, min(one, other)),
    )
    assert twice.support.index.tolist() == once.support.index.tolist()
    assert twice.support_ptr.tolist() == once.support_ptr.tolist()
