"""How episodes are drawn: the laws of each way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.learn import TaskData
from bench.learn.adaptation.drawing import draw
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import meta_train, outer_gradients, outer_parameters
from bench.learn.adaptation.windows import chunks, whole
from bench.settings import MetaTrainSettings
from bench_metaselector.maml import MAML
from tests.datasets import make_interactions
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RATES, learnable_of

SIZES = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), min_size=1, max_size=30)
WAYS = ("chronological", "random", "window", "like-test")
ways = pytest.mark.parametrize("way", WAYS)


def lengths_only(sizes) -> TaskData:
    """Tasks of which only the pointers matter."""
    ptr = np.concatenate([[0], np.cumsum([s + q for s, q in sizes])])
    return TaskData(None, {}, None, None, ptr, ptr[:-1] + np.array([s for s, _ in sizes]))


def rows_of(windows, user):
    """Support and query rows of one user."""
    order = np.arange(windows.stop.max()) if windows.order is None else windows.order
    start, cut, stop = windows.start[user], windows.cut[user], windows.stop[user]
    return order[start:cut], order[cut:stop]


@ways
@examples(max_examples=60)
@given(SIZES, st.integers(2, 250), st.sampled_from([0.0, 0.3, 0.9]), st.integers(0, 5))
def test_laws_of_every_way(way, sizes, max_rows, fraction, seed):
    data = lengths_only(sizes)
    users = np.random.default_rng(seed).permutation(data.users)
    setting = MetaTrainSettings(episodes=way, max_rows=max_rows, support_fraction=fraction)
    windows, again = (draw(data, users, setting, np.random.default_rng(seed)) for _ in range(2))
    for one, other in zip(windows, again, strict=True):
        np.testing.assert_array_equal(one, other, err_msg="seeded")
    np.testing.assert_array_equal(windows.users, users)
    for position, user in enumerate(users):
        support, query = rows_of(windows, position)
        rows = np.concatenate([support, query])
        assert len(set(rows)) == len(rows) <= max_rows, "no row in both"
        assert (rows >= data.ptr[user]).all()
        assert (rows < data.ptr[user + 1]).all()
        assert len(query) > 0
        if way != "random":
            np.testing.assert_array_equal(
                rows, np.arange(rows[0], rows[0] + len(rows)), "support, then query at once"
            )
        if way in ("chronological", "random"):
            assert len(rows) == min(data.ptr[user + 1] - data.ptr[user], max_rows)
        if fraction and way != "like-test":
            wanted = round(fraction * len(rows))
            assert len(support) == (min(max(wanted, 1), len(rows) - 1) if len(rows) > 1 else 0)


@examples(max_examples=60)
@given(SIZES, st.integers(3, 120), st.integers(0, 5))
def test_like_test_sizes_are_within_their_bounds(sizes, most, seed):
    data = lengths_only(sizes)
    setting = MetaTrainSettings(episodes="like-test", max_rows=400, max_support=most)
    windows = draw(data, np.arange(data.users), setting, np.random.default_rng(seed))
    rows, support, query = (
        np.diff(data.ptr),
        windows.cut - windows.start,
        windows.stop - windows.cut,
    )
    np.testing.assert_array_equal(query, np.clip(np.rint(rows / 4), 1, 200))
    room = rows - query
    assert (support >= np.minimum(3, room)).all()
    assert (support <= np.minimum(most, room)).all()
    np.testing.assert_allclose(windows.weights, query / query.mean())


def test_like_test_supports_are_log_uniform():
    """As many between 3 and 9 as between 10 and 30, and between 31 and 100."""
    data = lengths_only([(900, 100)] * 20_000)
    windows = draw(
        data,
        np.arange(data.users),
        MetaTrainSettings(episodes="like-test", max_rows=2000),
        np.random.default_rng(0),
    )
    support = windows.cut - windows.start
    found = np.histogram(support, [3, 10, 31, 101])[0] / len(support)
    np.testing.assert_allclose(
        found, np.log([10 / 3, 31 / 10, 101 / 31]) / np.log(101 / 3), atol=0.012
    )
    places = (windows.start - data.ptr[:-1]) / (1000 - support - 250)
    np.testing.assert_allclose(np.histogram(places, 4)[0] / len(places), 0.25, atol=0.012)


def test_random_takes_every_row_as_often():
    data = lengths_only([(8, 2)])
    setting = MetaTrainSettings(episodes="random", support_fraction=0.5, max_rows=6)
    generator, times = np.random.default_rng(0), np.zeros((2, 10))
    for _ in range(4000):
        for part, rows in enumerate(rows_of(draw(data, np.zeros(1, int), setting, generator), 0)):
            times[part, rows] += 1
    np.testing.assert_allclose(times / 4000, 0.3, atol=0.03)


def test_windows_are_of_every_length():
    data = lengths_only([(8, 2)] * 5000)
    windows = draw(
        data,
        np.arange(5000),
        MetaTrainSettings(episodes="window", max_rows=7),
        np.random.default_rng(0),
    )
    lengths = np.bincount(windows.stop - windows.start)
    np.testing.assert_allclose(lengths / 5000, [0, 0, *[1 / 6] * 6], atol=0.02)


def test_the_protocol_s_own_cut_stays_where_nothing_is_said():
    data = lengths_only([(8, 2), (0, 3), (5, 5)])
    windows = draw(data, np.arange(3), MetaTrainSettings(), np.random.default_rng(0))
    np.testing.assert_array_equal(windows.cut, whole(data).cut)


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=6, rows_per_user=14, seed=4
    )


def test_rows_out_of_order_are_gathered_with_what_is_theirs(interactions):
    data = task_data(interactions, tasks(interactions, [(8, 2), (0, 3), (4, 4)]), full=True)
    setting = MetaTrainSettings(episodes="random", support_fraction=0.5)
    windows = draw(data, np.arange(3), setting, np.random.default_rng(1))
    seen = 0
    for chunk in chunks(windows):
        batch = gather(data, chunk)
        for position in range(len(chunk.users)):
            for block, rows in zip(
                (batch.support, batch.query), rows_of(chunk, position), strict=True
            ):
                present = block.mask[position].bool()
                np.testing.assert_array_equal(block.labels[position][present], data.labels[rows])
                seen += len(rows)
    assert seen == len(data.labels)


def test_the_outer_gradient_weighs_users(interactions):
    nets = networks(interactions, full=False)
    data = task_data(interactions, tasks(interactions, [(6, 2), (4, 8), (9, 3)]), full=False)
    learnable, rule = (
        learnable_of(nets, interactions),
        MAML(MAML.Params(inner_steps=1, rates=RATES)),
    )
    outer, every = outer_parameters(rule, learnable), whole(data)
    weights = np.array([0.5, 2.0, 0.5])
    found = outer_gradients(rule, learnable, outer, data, every._replace(weights=weights))
    alone = [
        outer_gradients(rule, learnable, outer, data, every.take(np.array([user])))
        for user in range(3)
    ]
    for name, gradient in found.items():
        expected = sum(w * one[name].to_dense() for w, one in zip(weights, alone, strict=True)) / 3
        torch.testing.assert_close(gradient.to_dense(), expected, rtol=1e-10, atol=1e-14)


@ways
def test_meta_training_on_each_way_twice_the_same(interactions, way):
    data = task_data(
        interactions, tasks(interactions, [(6, 2), (4, 8), (0, 1), (9, 3)] * 3), full=True
    )
    setting = MetaTrainSettings(episodes=way, epochs=2, users=5, max_rows=8)
    rule = MAML(MAML.Params(inner_steps=2, inner_batch=3, rates=RATES))
    histories = [
        meta_train(
            rule,
            learnable_of(networks(interactions, full=True), interactions),
            data,
            data,
            setting,
            seed=3,
        )[1]
        for _ in range(2)
    ]
    assert histories[0] == histories[1]
    assert np.isfinite(histories[0].valid_logloss).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"episodes": "anything"},
        {"support_fraction": 1.0},
        {"support_fraction": -0.1},
        {"max_support": 2},
        {"max_rows": 1},
        {"max_rows": 10**6},
    ],
)
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(ValidationError):
        MetaTrainSettings(**wrong)
