"""The adaptation engine against the plain loop over users, in float64: outer loss, meta-gradients of theta, phi, alpha."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.learn import Learnable, TaskData
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks

RATES = {"selector": 0.7, "bias": 0.5, "dense": 0.2, "user": 0.6, "item": 0.4, "context": 0.3}
RAGGED = [(4, 2), (1, 1), (7, 3), (2, 5), (9, 1), (3, 3)]
EMPTY_SUPPORT = [(0, 3), (4, 2), (0, 1)]
ONE_USER = [(5, 2)]


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    """Few items, so that a user's items repeat and users share rows."""
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def rule(steps: int, order: str) -> MetaSGD:
    return MetaSGD(
        MetaSGD.Params(
            inner_steps=steps, order=order, rates=RATES, support_scale=0, step_factors=False
        )
    )


def engine(
    nets, data: TaskData, interactions, meta_sgd, frozen=(), values=None, kernel=None, users=None
):
    """The engine's outer loss and gradients of every outer parameter."""
    pool = {name: net for name, net in nets.items() if name != "selector"}
    learnable = Learnable(interactions, nets["selector"], pool or None, frozen, kernel=kernel)
    outer = {
        **learnable.parameters(),
        **{name: factor.requires_grad_() for name, factor in meta_sgd.learned(learnable).items()},
        **{name: value.clone().requires_grad_() for name, value in (values or {}).items()},
    }
    total = torch.zeros((), dtype=torch.float64)
    for chunk in chunks(whole(data), users):
        total = (
            total + meta_sgd.outer_loss(learnable, outer, gather(data, chunk)).sum() / data.users
        )
    gradients = torch.autograd.grad(total, list(outer.values()), materialize_grads=True)
    dense = [gradient.to_dense() for gradient in gradients]  # those of tables are sparse
    return total.detach(), dict(zip(outer, dense, strict=True))


def plain(
    nets,
    data: TaskData,
    interactions,
    steps,
    order,
    frozen=(),
    scale=lambda rows, step: 1.0,
    extra=None,
):
    """The same by the plain loop."""
    leaves = {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }
    start = Learnable(
        interactions, nets["selector"], {k: v for k, v in nets.items() if k != "selector"}
    ).rates(RATES)
    factors = {name: torch.ones_like(rate).requires_grad_() for name, rate in start.items()}
    positions = tuple(i for i, field in enumerate(interactions.fields) if field.name in frozen)
    total = oracle.outer_loss(
        nets,
        leaves,
        {name: rate * factors[name] for name, rate in start.items()},
        data,
        steps=steps,
        second_order=order == "second",
        field_of_entry=oracle.field_of_entry(interactions),
        frozen_positions=positions,
        scale=scale,
    )
    named = {
        **leaves,
        **{f"rate of {name}": factor for name, factor in factors.items()},
        **(extra or {}),
    }
    gradients = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
    return total.detach(), dict(zip(named, gradients, strict=True))


def worst(found, expected) -> float:
    """The largest relative difference of a gradient tensor from the oracle's, over all tensors."""
    assert found[1].keys() == expected[1].keys()
    largest = abs(float(found[0] - expected[0])) / abs(float(expected[0]))
    for name, gradient in expected[1].items():
        scale = float(gradient.abs().max())
        difference = float((found[1][name] - gradient).abs().max())
        largest = max(largest, difference / scale if scale else difference)
    return largest


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("steps", [1, 3, 5])
@pytest.mark.parametrize(
    "sizes", [RAGGED, EMPTY_SUPPORT, ONE_USER], ids=["ragged", "empty-support", "one-user"]
)
def test_meta_gradients_equal_the_plain_loop(interactions, full, order, steps, sizes):
    nets = networks(interactions, full=full)
    data = task_data(interactions, tasks(interactions, sizes), full=full)
    found = engine(nets, data, interactions, rule(steps, order))
    assert worst(found, plain(nets, data, interactions, steps, order)) < 1e-10


def test_steps_scaled_by_support_and_factors_equal_the_plain_loop(interactions):
    """meta-sgd's own scales, with n0 and the factors moved away from where they start, and their meta-gradients."""
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, EMPTY_SUPPORT + RAGGED), full=True)
    scaled = MetaSGD(MetaSGD.Params(inner_steps=3, rates=RATES, support_scale=4.0))
    values = {
        "support scale": torch.tensor(1.3).double(),
        "step factors": torch.tensor([0.9, 1.1, 0.7]).double(),
    }
    mine = {name: value.clone().requires_grad_() for name, value in values.items()}
    found = engine(nets, data, interactions, scaled, values=values)
    n0 = 4.0 * mine["support scale"]
    total, gradients = plain(
        nets,
        data,
        interactions,
        3,
        "second",
        scale=lambda n, step: n / (n + n0) * mine["step factors"][step],
        extra=mine,
    )
    assert worst(found, (total, gradients)) < 1e-10
    assert all(gradients[name].abs().max() > 0 for name in values)


def test_every_group_has_a_gradient(interactions):
    """The comparison above would hold for zeros too."""
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    _, gradients = plain(nets, data, interactions, 3, "second")
    silent = [name for name, gradient in gradients.items() if not gradient.abs().max() > 0]
    assert silent == []


def test_frozen_fields_stay(interactions):
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    field = interactions.fields[1].name
    found = engine(nets, data, interactions, rule(2, "second"), frozen=(field,))
    assert worst(found, plain(nets, data, interactions, 2, "second", frozen=(field,))) < 1e-10
    assert worst(found, plain(nets, data, interactions, 2, "second")) > 1e-3


def test_hidden_users_share_the_unknown_row(interactions):
    nets = networks(interactions, full=True)
    view = tasks(interactions, RAGGED, hide_users=True)
    data = task_data(interactions, view, full=True)
    found = engine(nets, data, interactions, rule(3, "second"))
    assert worst(found, plain(nets, data, interactions, 3, "second")) < 1e-10


def test_finite_differences_agree(interactions):
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED[:3]), full=True)
    _, gradients = engine(nets, data, interactions, rule(2, "second"))
    generator = np.random.default_rng(0)
    for network, leaf in [
        ("deep", "net.0.weight"),
        ("pairwise", "factors"),
        ("selector", "net.2.bias"),
        ("linear", "bias"),
    ]:
        value = nets[network].leaves()[leaf].data
        touched = gradients[f"{network}/{leaf}"].abs().flatten().argsort(descending=True)[:3]
        position = int(generator.choice(touched.numpy()))
        slope = _slope(nets, data, interactions, value.view(-1), position)
        assert slope == pytest.approx(
            float(gradients[f"{network}/{leaf}"].flatten()[position]), rel=1e-6
        )


def _slope(nets, data, interactions, flat, position, step=1e-5):
    losses = []
    for sign in (1, -1):
        flat[position] += sign * step
        losses.append(float(engine(nets, data, interactions, rule(2, "second"))[0]))
        flat[position] -= sign * step
    return (losses[0] - losses[1]) / (2 * step)


def test_saturated_base_models_give_the_true_gradient_in_float32(interactions):
    """Base logits of +-40: the log of a clamped mixed probability would give the selector a gradient of exactly 0."""
    view = tasks(interactions, RAGGED)
    view = replace(
        view,
        support_base_logits=np.where(view.support_base_logits > 0, 40, -40).astype(np.float32),
        query_base_logits=np.where(view.query_base_logits > 0, 40, -40).astype(np.float32),
    )
    nets = networks(interactions, full=False)
    exact = engine(nets, task_data(interactions, view, full=False), interactions, rule(1, "second"))
    nets["selector"].float()
    data = task_data(interactions, view, full=False)
    single = TaskData(
        data.layout,
        {key: type(e)(e.index, e.weights.float()) for key, e in data.encoded.items()},
        data.labels.float(),
        data.base_logits.float(),
        data.ptr,
        data.cut,
    )
    found = engine(nets, single, interactions, rule(1, "second"))
    for name, gradient in exact[1].items():
        torch.testing.assert_close(found[1][name].double(), gradient, rtol=2e-3, atol=2e-4)


# -- mutants of the engine: each must be caught by the comparison with the plain loop


def _caught(interactions, monkeypatch_target) -> bool:
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    expected = plain(nets, data, interactions, 3, "second")
    monkeypatch_target()
    return worst(engine(nets, data, interactions, rule(3, "second")), expected) > 1e-10


def test_mutant_second_order_term_dropped(interactions, monkeypatch):
    original = Learnable.gradients

    def first_order(self, loss, per_user, *, create_graph):
        found = original(self, loss, per_user, create_graph=create_graph)
        return {name: gradient.detach() for name, gradient in found.items()}

    assert _caught(interactions, lambda: monkeypatch.setattr(Learnable, "gradients", first_order))


def test_mutant_two_users_rows_swapped(interactions, monkeypatch):
    original = Learnable.per_user

    def swapped(self, parameters, batch):
        leaves = original(self, parameters, batch)
        if batch.users < 2:
            return leaves
        order = [1, 0, *range(2, batch.users)]
        return {
            name: leaf[order] if name == "pairwise/factors" else leaf
            for name, leaf in leaves.items()
        }

    assert _caught(interactions, lambda: monkeypatch.setattr(Learnable, "per_user", swapped))


def test_mutant_one_table_forgotten(interactions, monkeypatch):
    original = Learnable.gradients

    def forgetful(self, loss, per_user, *, create_graph):
        found = original(self, loss, per_user, create_graph=create_graph)
        return {n: torch.zeros_like(g) if n == "deep/factors" else g for n, g in found.items()}

    assert _caught(interactions, lambda: monkeypatch.setattr(Learnable, "gradients", forgetful))
