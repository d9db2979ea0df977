"""The inner loop by hand, compiled by numba, of a selector alone and with its pool, against the plain loop over users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.learn import descend, inner_step
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench.learn.inner_loop import functions
from bench.learn.inner_loop.mixture import CompiledMixture
from bench_metaselector.meta_sgd import MetaSGD
from tests.learn.mixtures import (
    in_float32,
    learnable_and_batch,
    perceptron,
    pool_of,
    some_interactions,
    some_tasks,
    with_pool,
)
from tests.learn.parts import task_data, tasks
from tests.learn.test_exactness import (
    EMPTY_SUPPORT,
    ONE_USER,
    RAGGED,
    RATES,
    engine,
    plain,
    rule,
    worst,
)

ALL_EMPTY = [(0, 3), (0, 1)]


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return some_interactions(tmp_path_factory.mktemp("data"))


@pytest.fixture(params=[perceptron, with_pool], ids=["alone", "with-pool"])
def make(request):
    """Makes a selector, alone or with its pool."""
    return request.param


def both(make, interactions, sizes=RAGGED, **settings):
    """The networks, and tasks for them."""
    nets = make(interactions, **settings)
    return nets, some_tasks(interactions, sizes, full=bool(pool_of(nets)))


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("steps", [1, 3, 5])
@pytest.mark.parametrize(
    "sizes",
    [RAGGED, EMPTY_SUPPORT, ONE_USER, ALL_EMPTY],
    ids=["ragged", "empty-support", "one-user", "all-supports-empty"],
)
def test_meta_gradients_equal_the_plain_loop(make, interactions, order, steps, sizes):
    nets, data = both(make, interactions, sizes)
    found = engine(nets, data, interactions, rule(steps, order), kernel="numba")
    assert worst(found, plain(nets, data, interactions, steps, order)) < 1e-10


@pytest.mark.parametrize(
    "hidden", [(), (7, 5), (4, 4, 4)], ids=["linear", "two layers", "three layers"]
)
def test_any_depth_equals_the_plain_loop(make, interactions, hidden):
    nets, data = both(make, interactions, hidden=hidden)
    found = engine(nets, data, interactions, rule(3, "second"), kernel="numba")
    assert worst(found, plain(nets, data, interactions, 3, "second")) < 1e-10


def test_every_leaf_and_rate_has_a_gradient(make, interactions):
    """The comparison above would hold for zeros too."""
    nets, data = both(make, interactions)
    _, gradients = engine(nets, data, interactions, rule(3, "second"), kernel="numba")
    assert [name for name, gradient in gradients.items() if not gradient.abs().max() > 0] == []


@pytest.mark.parametrize("order", ["first", "second"])
def test_steps_scaled_by_support_and_factors_equal_the_plain_loop(make, interactions, order):
    nets, data = both(make, interactions, EMPTY_SUPPORT + RAGGED)
    scaled = MetaSGD(MetaSGD.Params(inner_steps=3, order=order, rates=RATES, support_scale=4.0))
    values = {
        "support scale": torch.tensor(1.3).double(),
        "step factors": torch.tensor([0.9, 1.1, 0.7]).double(),
    }
    mine = {name: value.clone().requires_grad_() for name, value in values.items()}
    found = engine(nets, data, interactions, scaled, values=values, kernel="numba")
    n0 = 4.0 * mine["support scale"]
    expected = plain(
        nets,
        data,
        interactions,
        3,
        order,
        scale=lambda n, step: n / (n + n0) * mine["step factors"][step],
        extra=mine,
    )
    assert worst(found, expected) < 1e-10
    assert all(expected[1][name].abs().max() > 0 for name in values)


def test_frozen_fields_stay(make, interactions):
    nets, data = both(make, interactions)
    frozen = (interactions.fields[1].name, interactions.fields[3].name)
    found = engine(nets, data, interactions, rule(2, "second"), frozen=frozen, kernel="numba")
    assert worst(found, plain(nets, data, interactions, 2, "second", frozen=frozen)) < 1e-10
    assert worst(found, plain(nets, data, interactions, 2, "second")) > 1e-3


def test_hidden_users_share_the_unknown_row(make, interactions):
    nets = make(interactions)
    data = some_tasks(interactions, full=bool(pool_of(nets)), hide_users=True)
    found = engine(nets, data, interactions, rule(3, "second"), kernel="numba")
    assert worst(found, plain(nets, data, interactions, 3, "second")) < 1e-10


def test_entries_that_no_row_has_get_no_gradient(make, interactions):
    nets, data = both(make, interactions, ONE_USER)
    _, gradients = engine(nets, data, interactions, rule(3, "second"), kernel="numba")
    touched = np.isin(np.arange(interactions.entries), data.encoded["selector"].index.numpy())
    by_entry = gradients["selector/embeddings"].abs().sum(1).numpy()
    assert not touched.all()
    assert (by_entry[~touched] == 0).all()


def test_finite_differences_agree(make, interactions):
    nets, data = both(make, interactions, RAGGED[:3])
    _, gradients = engine(nets, data, interactions, rule(2, "second"), kernel="numba")
    every_leaf = [(name, leaf) for name, net in nets.items() for leaf in net.leaves()]
    for name, leaf in every_leaf:
        flat = nets[name].leaves()[leaf].data.view(-1)
        gradient = gradients[f"{name}/{leaf}"].flatten()
        position, losses = int(gradient.abs().argmax()), []
        for move in (1e-5, -2e-5):
            flat[position] += move
            losses.append(
                float(engine(nets, data, interactions, rule(2, "second"), kernel="numba")[0])
            )
        flat[position] += 1e-5
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(float(gradient[position]), rel=1e-6)


@pytest.mark.parametrize("users", [1, 2, 5])
def test_chunks_do_not_matter(make, interactions, users):
    """Nor does the padding, which is what differs between them, nor a user's place in a chunk."""
    nets, data = both(make, interactions, RAGGED + EMPTY_SUPPORT)
    together = engine(nets, data, interactions, rule(3, "second"), kernel="numba", users=64)
    assert (
        worst(
            engine(nets, data, interactions, rule(3, "second"), kernel="numba", users=users),
            together,
        )
        < 1e-12
    )


def test_a_permutation_of_users_permutes_the_leaves(make, interactions):
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    order = np.array([3, 0, 5, 1, 4, 2])
    _, data = both(make, interactions)
    (windows,) = chunks(whole(data))
    permuted = gather(data, windows.take(order))
    leaves, moved = _descend(learnable, batch), _descend(learnable, permuted)
    for leaf, value in leaves.items():
        if leaf not in learnable.tables():
            torch.testing.assert_close(moved[leaf], value[order], rtol=1e-12, atol=1e-12)


def test_rates_of_zero_leave_the_leaves_bit_for_bit(make, interactions):
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    for training in (True, False):
        leaves = _descend(learnable, batch, rate=0.0, training=training)
        for leaf, value in learnable.per_user(learnable.parameters(), batch).items():
            assert torch.equal(leaves[leaf], value)


def test_leaves_are_those_of_automatic_differentiation(make, interactions):
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    automatic, _ = learnable_and_batch(interactions, "autograd", make=make)
    expected = _descend(automatic, batch)
    assert expected.keys() == _descend(learnable, batch).keys()
    for training in (True, False):
        for leaf, value in _descend(learnable, batch, training=training).items():
            torch.testing.assert_close(value, expected[leaf], rtol=1e-12, atol=1e-12)


def test_at_test_time_no_graph_is_kept(make, interactions):
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    leaves = _descend(learnable, batch, training=False)
    assert all(value.is_leaf and value.requires_grad for value in leaves.values())


@pytest.mark.parametrize("training", [True, False])
def test_a_rule_may_step_on_from_there(make, interactions, training):
    """The loss itself is differentiated twice: a step in torch after one by hand."""
    found, expected = [], []
    for name, kept in (("numba", found), ("autograd", expected)):
        learnable, batch = learnable_and_batch(interactions, name, make=make)
        outer, rates = learnable.parameters(), learnable.rates(RATES)
        leaves = descend(
            learnable, outer, batch, rates, [None], second_order=True, training=training
        )
        spread, scale = (
            learnable.spread(rates, batch),
            torch.linspace(0.5, 1.0, batch.users, dtype=torch.float64),
        )
        leaves = inner_step(
            learnable, leaves, batch, spread, create_graph=training, training=training, scale=scale
        )
        loss = learnable.loss(leaves, batch, "query")
        kept += [
            loss,
            *torch.autograd.grad(loss.sum(), list((outer if training else leaves).values())),
        ]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_once_more_is_an_error(make, interactions):
    """A derivative of what was computed outside of the graph would be silently wrong."""
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    outer = list(learnable.parameters().values())
    loss = learnable.loss(_descend(learnable, batch), batch, "query").sum()
    gradients = torch.autograd.grad(loss, outer, create_graph=True)
    with pytest.raises(NotImplementedError, match="kernel='autograd'"):
        torch.autograd.grad(sum(gradient.square().sum() for gradient in gradients), outer)


def test_the_third_derivative_of_the_loss_is_an_error(make, interactions):
    learnable, batch = learnable_and_batch(interactions, "numba", make=make)
    outer = list(learnable.parameters().values())
    loss = learnable.loss(learnable.per_user(learnable.parameters(), batch), batch, "support").sum()
    for _ in range(2):
        gradients = torch.autograd.grad(loss, outer, create_graph=True)
        loss = sum(gradient.square().sum() for gradient in gradients)
    with pytest.raises(NotImplementedError, match="the loss is differentiated twice at most"):
        torch.autograd.grad(loss, outer)


def test_saturated_base_models_give_the_true_gradient_in_float32(interactions):
    view = tasks(interactions, RAGGED)
    view = replace(
        view,
        support_base_logits=np.where(view.support_base_logits > 0, 40, -40).astype(np.float32),
        query_base_logits=np.where(view.query_base_logits > 0, 40, -40).astype(np.float32),
    )
    nets, data = perceptron(interactions), task_data(interactions, view, full=False)
    exact = engine(nets, data, interactions, rule(1, "second"), kernel="numba")
    nets["selector"].float()
    found = engine(nets, in_float32(data), interactions, rule(1, "second"), kernel="numba")
    for name, gradient in exact[1].items():
        assert found[1][name].dtype == torch.float32 or name not in nets["selector"].leaves()
        torch.testing.assert_close(found[1][name].double(), gradient, rtol=2e-3, atol=2e-4)


def test_float32_is_that_of_automatic_differentiation(make, interactions):
    nets, data = both(make, interactions)
    data = in_float32(data)
    for net in nets.values():
        net.float()
    found, expected = (
        engine(nets, data, interactions, rule(3, "second"), kernel=name)
        for name in ("numba", "autograd")
    )
    for name, gradient in expected[1].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-6)


# -- mutants: each must be caught by the comparison with the plain loop


def _caught(make, interactions) -> bool:
    nets, data = both(make, interactions)
    found = engine(nets, data, interactions, rule(3, "second"), kernel="numba")
    return worst(found, plain(nets, data, interactions, 3, "second")) > 1e-6


def _changed(monkeypatch, name, change):
    """`change` is called with the compiled function and its arguments, in its place."""
    kernels = functions.kernels()
    original = getattr(kernels, name)
    monkeypatch.setattr(kernels, name, lambda *arguments: change(original, *arguments))


def test_mutant_second_order_term_dropped(make, interactions, monkeypatch):
    _changed(
        monkeypatch,
        "descend_backward",
        lambda original, *arguments: original(*arguments[:-2], False, arguments[-1]),
    )
    assert _caught(make, interactions)


def test_mutant_two_users_gradients_swapped(make, interactions, monkeypatch):
    def swapped(original, *arguments):
        original(*arguments)
        by_dense = arguments[4]
        by_dense[[0, 1]] = by_dense[[1, 0]]

    _changed(monkeypatch, "all_gradients", swapped)
    assert _caught(make, interactions)


@pytest.mark.parametrize(("name", "place"), [("all_gradients", 5), ("descend_backward", 8)])
def test_mutant_table_forgotten(make, interactions, monkeypatch, name, place):
    def forgetful(original, *arguments):
        original(*arguments)
        arguments[place][:] = 0

    _changed(monkeypatch, name, forgetful)
    assert _caught(make, interactions)


def test_mutant_one_table_of_several_forgotten(interactions, monkeypatch):
    def forgetful(original, *arguments):
        original(*arguments)
        arguments[8][:, -1] = 0  # the last column of the last user's row of the selector's table

    _changed(monkeypatch, "descend_backward", forgetful)
    assert _caught(with_pool, interactions)


def test_mutant_the_step_starts_from_another_steps_leaves(make, interactions, monkeypatch):
    def stale(original, *arguments):
        kept_dense = arguments[5]
        kept_dense[1] = kept_dense[0]
        original(*arguments)

    _changed(monkeypatch, "descend_backward", stale)
    assert _caught(make, interactions)


def test_mutant_a_table_that_moves_is_taken_for_one_that_stays(make, interactions, monkeypatch):
    original = CompiledMixture.descend

    def dense_alone(self, outer, per_user, spread, *arguments, **named):
        dense = {leaf: rate for leaf, rate in spread.items() if leaf != "selector/embeddings"}
        return original(self, outer, per_user, dense, *arguments, **named)

    monkeypatch.setattr(CompiledMixture, "descend", dense_alone)
    assert _caught(make, interactions)


def _descend(learnable, batch, *, rate=0.5, training=True):
    rates = learnable.rates(dict.fromkeys(RATES, rate))
    return descend(
        learnable,
        learnable.parameters(),
        batch,
        rates,
        [None] * 3,
        second_order=True,
        training=training,
    )
