"""The compiled inner loop where no table row moves, against the plain loop over users with table rates of zero."""

from __future__ import annotations

import pytest
import torch

from bench.interfaces import Learnable as Contract
from bench.learn import Learnable, descend, inner_step
from bench.learn.adaptation import descent
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.windows import chunks, whole
from bench.learn.inner_loop import functions
from bench.learn.inner_loop.mixture import CompiledMixture
from bench_metaselector.meta_sgd import MetaSGD
from tests.learn.mixtures import (
    in_float32,
    learnable_and_batch,
    perceptron,
    some_interactions,
    some_tasks,
)
from tests.learn.test_exactness import EMPTY_SUPPORT, RAGGED, RATES, plain, worst

TABLE = "selector/embeddings"


class DenseOnly(MetaSGD):
    """Learned rates, a learned support scale and learned step factors; no table moves."""

    def moving(self, learnable: Contract) -> Contract:
        return learnable.only(set(learnable.adapted()) - {TABLE})


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return some_interactions(tmp_path_factory.mktemp("data"))


@pytest.fixture(params=["frozen fields", "adapt", "only"])
def how(request):
    """What keeps the table from moving."""
    return request.param


@pytest.fixture
def by_the_kernel_alone(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a step by automatic differentiation")

    monkeypatch.setattr(descent, "inner_step", refuse)


def settings(interactions, how):
    """Of a Learnable."""
    if how == "frozen fields":
        return {"frozen_fields": tuple(field.name for field in interactions.fields)}
    return {"adapt": ("selector/scores",)} if how == "adapt" else {}


def rule(how, steps, order):
    kind = DenseOnly if how == "only" else MetaSGD
    return kind(MetaSGD.Params(inner_steps=steps, order=order, rates=RATES, support_scale=4.0))


def by_engine(nets, data, interactions, how, steps, order):
    """Outer loss, and its gradient by every outer parameter that is trained."""
    learnable = Learnable(
        interactions, nets["selector"], kernel="numba", **settings(interactions, how)
    )
    meta = rule(how, steps, order)
    outer = outer_parameters(meta, learnable)
    trained = {name: value for name, value in outer.items() if value.requires_grad}
    total = torch.zeros((), dtype=torch.float64)
    for chunk in chunks(whole(data)):
        total = total + meta.outer_loss(learnable, outer, gather(data, chunk)).sum() / data.users
    gradients = torch.autograd.grad(total, list(trained.values()), materialize_grads=True)
    return total.detach(), {
        name: value.to_dense() for name, value in zip(trained, gradients, strict=True)
    }


def by_plain_loop(nets, data, interactions, how, steps, order):
    every_field = tuple(field.name for field in interactions.fields)
    scale = torch.ones((), dtype=torch.float64).requires_grad_()
    factors = torch.ones(steps, dtype=torch.float64).requires_grad_()
    total, gradients = plain(
        nets,
        data,
        interactions,
        steps,
        order,
        frozen=every_field,
        scale=lambda rows, step: rows / (rows + 4.0 * scale) * factors[step],
        extra={"support scale": scale, "step factors": factors},
    )
    del gradients[f"rate of {TABLE}"]
    if how == "adapt":
        del gradients[TABLE]
    return total, gradients


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("steps", [1, 3, 5])
@pytest.mark.parametrize("sizes", [RAGGED, EMPTY_SUPPORT], ids=["ragged", "empty-support"])
@pytest.mark.usefixtures("by_the_kernel_alone")
def test_meta_gradients_equal_the_plain_loop(interactions, how, sizes, steps, order):
    nets, data = perceptron(interactions), some_tasks(interactions, sizes)
    found = by_engine(nets, data, interactions, how, steps, order)
    expected = by_plain_loop(nets, data, interactions, how, steps, order)
    assert worst(found, expected) < 1e-10
    assert [name for name, gradient in expected[1].items() if not gradient.abs().max() > 0] == []


@pytest.mark.parametrize("hidden", [(), (7, 5)], ids=["linear", "two layers"])
@pytest.mark.usefixtures("by_the_kernel_alone")
def test_any_depth_equals_the_plain_loop(interactions, how, hidden):
    nets, data = perceptron(interactions, hidden), some_tasks(interactions)
    found = by_engine(nets, data, interactions, how, 3, "second")
    assert worst(found, by_plain_loop(nets, data, interactions, how, 3, "second")) < 1e-10


def test_float32_is_that_of_float64(interactions, how):
    nets, data = perceptron(interactions), some_tasks(interactions)
    expected = by_engine(nets, data, interactions, how, 3, "second")
    nets["selector"].float()
    found = by_engine(nets, in_float32(data), interactions, how, 3, "second")
    for name, gradient in expected[1].items():
        torch.testing.assert_close(found[1][name].double(), gradient, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("training", [True, False])
def test_leaves_are_those_of_automatic_differentiation(interactions, how, training):
    found, expected = (
        _descend(interactions, how, kernel, training) for kernel in ("numba", "autograd")
    )
    assert list(found) == list(expected)
    for leaf, value in expected.items():
        torch.testing.assert_close(found[leaf], value, rtol=1e-12, atol=1e-12)
        assert found[leaf].requires_grad == value.requires_grad
        assert found[leaf].is_leaf == value.is_leaf


def test_rates_of_leaves_that_do_not_move_are_not_used(interactions):
    """A rule may hand in more rates than it moves leaves."""
    learnable, batch = learnable_and_batch(interactions, "numba")
    rates = learnable.rates(RATES)
    moving = learnable.only(set(learnable.adapted()) - {TABLE})
    start = learnable.parameters()
    leaves = descend(moving, start, batch, rates, [None], second_order=False, training=True)
    assert torch.equal(leaves[TABLE], learnable.per_user(start, batch)[TABLE])


@pytest.mark.parametrize("training", [True, False])
def test_a_rule_may_step_on_from_there(interactions, how, training):
    """The loss is differentiated twice, with and without its table."""
    found, expected = [], []
    for kernel, kept in (("numba", found), ("autograd", expected)):
        learnable, batch = learnable_and_batch(interactions, kernel, **settings(interactions, how))
        outer = learnable.parameters()
        leaves = _descend(interactions, how, kernel, training, learnable=learnable, batch=batch)
        moving = _moving(learnable, how)
        spread = moving.spread(moving.rates(RATES), batch)
        leaves = inner_step(moving, leaves, batch, spread, create_graph=training, training=training)
        loss = learnable.loss(leaves, batch, "query")
        sources = outer if training else {leaf: leaves[leaf] for leaf in moving.adapted()}
        kept += [
            loss,
            *torch.autograd.grad(
                loss.sum(), [value for value in sources.values() if value.requires_grad]
            ),
        ]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_once_more_is_an_error(interactions, how):
    learnable, batch = learnable_and_batch(interactions, "numba", **settings(interactions, how))
    outer = [value for value in learnable.parameters().values() if value.requires_grad]
    leaves = _descend(interactions, how, "numba", True, learnable=learnable, batch=batch)
    gradients = torch.autograd.grad(
        learnable.loss(leaves, batch, "query").sum(), outer, create_graph=True
    )
    with pytest.raises(NotImplementedError, match="an inner loop is differentiated once at most"):
        torch.autograd.grad(sum(gradient.square().sum() for gradient in gradients), outer)


# -- what is left out, and mutants that leave out too much


def test_nothing_is_derived_for_a_table_that_neither_loop_moves(interactions, monkeypatch):
    asked = _asked(monkeypatch)
    by_engine(
        perceptron(interactions), some_tasks(interactions), interactions, "adapt", 3, "second"
    )
    assert asked == {"all_gradients": {False}, "descend_backward": {False}}


@pytest.mark.parametrize("how", ["frozen fields", "only"])
def test_a_table_that_the_outer_loop_moves_is_derived_where_that_asks(
    interactions, monkeypatch, how
):
    """Of the query's loss, and of the support's in second-order terms; an inner step needs none of its own."""
    asked = _asked(monkeypatch)
    by_engine(perceptron(interactions), some_tasks(interactions), interactions, how, 3, "second")
    assert asked == {"all_gradients": {True}, "descend_backward": {True}}


@pytest.mark.parametrize("how", ["frozen fields", "only"])
def test_mutant_table_forgotten_in_the_second_order(interactions, monkeypatch, how):
    kernels = functions.kernels()
    original = kernels.descend_backward

    def forgetful(*arguments):
        original(*arguments)
        table_adjoints = arguments[8]
        table_adjoints[:] = 0

    monkeypatch.setattr(kernels, "descend_backward", forgetful)
    assert _caught(interactions, how)


@pytest.mark.parametrize("how", ["frozen fields", "only"])
def test_mutant_table_moves_all_the_same(interactions, monkeypatch, how):
    original = CompiledMixture.descend

    def moving(self, outer, per_user, rates, scales, support, fields, **named):
        width = per_user[TABLE].shape[2]
        rates = rates | {TABLE: per_user[TABLE].new_ones(len(interactions.fields), width)}
        fields = {component: rows % len(interactions.fields) for component, rows in fields.items()}
        return original(self, outer, per_user, rates, scales, support, fields, **named)

    monkeypatch.setattr(CompiledMixture, "descend", moving)
    assert _caught(interactions, how)


def _caught(interactions, how) -> bool:
    nets, data = perceptron(interactions), some_tasks(interactions)
    found = by_engine(nets, data, interactions, how, 3, "second")
    return worst(found, by_plain_loop(nets, data, interactions, how, 3, "second")) > 1e-6


def _asked(monkeypatch) -> dict[str, set[bool]]:
    """Of the compiled functions: whether they were asked for the derivative by the table, their last argument."""
    kernels = functions.kernels()
    asked = {"all_gradients": set(), "descend_backward": set()}

    def watch(name):
        original = getattr(kernels, name)

        def watched(*arguments):
            asked[name].add(arguments[-1])
            return original(*arguments)

        monkeypatch.setattr(kernels, name, watched)

    for name in asked:
        watch(name)
    return asked


def _moving(learnable, how):
    return learnable.only(set(learnable.adapted()) - {TABLE}) if how == "only" else learnable


def _descend(interactions, how, kernel, training, learnable=None, batch=None):
    if learnable is None:
        learnable, batch = learnable_and_batch(interactions, kernel, **settings(interactions, how))
    moving = _moving(learnable, how)
    return descend(
        moving,
        learnable.parameters(),
        batch,
        moving.rates(RATES),
        [None] * 3,
        second_order=True,
        training=training,
    )
