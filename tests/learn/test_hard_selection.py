"""`select: hard`: every user gets one model, that of the largest mean weight, and its own logits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from bench.interfaces import Context, PluginParams
from bench.learn import FittedModel, Gating, Learnable, MetaLearned, adapt_and_predict
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.hard_selection import one_model_a_user
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.windows import chunks, whole
from bench.settings import MetaTrainSettings, TrainSettings
from bench_metaselector.maml import MAML
from tests.datasets import make_interactions
from tests.learn.parts import Deep, Gate, Linear, Pairwise, networks, task_data, tasks
from tests.learn.rules import RATES

SIZES = [(4, 2), (1, 1), (7, 3), (0, 4), (9, 1), (3, 3), (2, 2), (12, 3)]


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=60, items=8, rows_per_user=12, seed=5
    )


def by_a_plain_loop(weights, ptr):
    chosen = np.zeros_like(weights)
    for start, stop in itertools.pairwise(ptr):
        if stop > start:
            chosen[start:stop, int(np.argmax(weights[start:stop].mean(0, dtype=np.float64)))] = 1
    return chosen


def test_one_model_a_user_is_that_of_the_largest_mean():
    weights = np.random.default_rng(0).dirichlet(np.ones(4), size=50)
    ptr = np.array([0, 3, 3, 20, 21, 50])
    users = torch.from_numpy(np.repeat(np.arange(5), np.diff(ptr)))
    found = one_model_a_user(torch.from_numpy(weights), users).numpy()
    np.testing.assert_array_equal(found, by_a_plain_loop(weights, ptr))


def test_ties_go_to_the_first_and_no_rows_are_no_error():
    half = torch.full((2, 2), 0.5)
    assert one_model_a_user(half, torch.tensor([0, 0])).tolist() == [[1, 0], [1, 0]]
    assert one_model_a_user(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64)).shape == (0, 2)


@pytest.mark.parametrize("full", [False, True], ids=["simplified", "full"])
def test_hard_takes_the_adapted_model_s_own_logits(interactions, full):
    nets = networks(interactions, full=full)
    pool = {k: v for k, v in nets.items() if k != "selector"} or None
    data = task_data(interactions, tasks(interactions, SIZES), full=full)
    rule = MAML(MAML.Params(inner_steps=2, rates=RATES))
    soft, hard = (
        (learnable := Learnable(interactions, nets["selector"], pool, select=select))
        and adapt_and_predict(rule, learnable, outer_parameters(rule, learnable), data)
        for select in ("soft", "hard")
    )
    ptr = np.cumsum([0, *(q for _, q in SIZES)])
    np.testing.assert_array_equal(hard.weights, by_a_plain_loop(soft.weights, ptr))
    expected = (hard.weights * base_logits(nets, pool, interactions, data, rule, ptr)).sum(1)
    np.testing.assert_allclose(hard.logits, expected, rtol=1e-6)
    assert np.abs(hard.logits - soft.logits).max() > 1e-3


def base_logits(nets, pool, interactions, data, rule, ptr):
    """(n, K) of the query rows, after adaptation where there is a pool."""
    learnable = Learnable(interactions, nets["selector"], pool)
    found = np.empty((ptr[-1], 3))
    for chunk in chunks(whole(data)):
        batch = gather(data, chunk)
        per_user = rule.adapt(learnable, outer_parameters(rule, learnable), batch, training=False)
        logits = learnable._outputs(per_user, batch.query)[1].detach().numpy()
        for position, user in enumerate(chunk.users):
            found[ptr[user] : ptr[user + 1]] = logits[position, : ptr[user + 1] - ptr[user]]
    return found


def test_gating_chooses_one_model_a_user(interactions, tmp_path):
    view = tasks(interactions, SIZES)
    made = [
        Gating(Gate(PluginParams()), TrainSettings(epochs=1), select=select)
        for select in ("soft", "hard")
    ]
    for method in made:
        method.fit(view, view, Context(1, 1, "cpu", tmp_path))
    soft, hard = (method.predict(view.without_query_labels()).weights for method in made)
    np.testing.assert_array_equal(hard, by_a_plain_loop(soft, view.query_ptr))


@pytest.mark.parametrize("full", [False, True], ids=["simplified", "full"])
def test_a_method_under_a_meta_learner_chooses_one(interactions, tmp_path, full):
    view, context = tasks(interactions, SIZES), Context(1, 1, "cpu", tmp_path)
    pool = {
        kind.name: FittedModel(kind(PluginParams()), TrainSettings(epochs=1))
        for kind in (Linear, Pairwise, Deep)
    }
    for model in pool.values():
        model.fit(view.support, view.query, context)
    method = MetaLearned(
        MAML,
        MAML.Params(inner_steps=1),
        Gate(PluginParams()),
        TrainSettings(epochs=1),
        MetaTrainSettings(epochs=1),
        pool=pool if full else None,
        select="hard",
    )
    method.fit(view, view, context)
    selection = method.predict(view.without_query_labels())
    assert (selection.weights is None) == full
    weights = selection.mixed_by if full else selection.weights
    assert set(np.unique(weights)) == {0, 1}
    np.testing.assert_array_equal(weights, by_a_plain_loop(weights, view.query_ptr))
