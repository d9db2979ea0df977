"""Reptile's outer gradient is the mean of theta - theta_u, with theta_u by the plain loop over all rows of the episode."""

from __future__ import annotations

import pytest
import torch

from bench.learn import adapt_and_predict
from bench.learn.adaptation.meta_training import outer_parameters
from bench_metaselector import reptile
from bench_metaselector.maml import MAML
from bench_metaselector.reptile import Reptile
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RAGGED, RATES, engine, learnable_of, start_rates, worst


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def by_the_plain_loop(nets, data, interactions, steps):
    leaves = {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }
    rates = start_rates(nets, interactions)
    gradients = {name: torch.zeros_like(value) for name, value in leaves.items()}
    loss = torch.zeros((), dtype=torch.float64)
    for user in range(data.users):
        rows = slice(data.ptr[user], data.ptr[user + 1])
        adapted = oracle.adapted(
            nets,
            leaves,
            rates,
            data,
            rows,
            steps=steps,
            field_of_entry=oracle.field_of_entry(interactions),
        )
        for name, value in leaves.items():
            moved = (value - adapted[name]).detach()
            gradients[name] += moved / data.users
            loss += moved.square().sum() / 2 / data.users
    return loss, gradients


def compared(interactions, steps, full, users=RAGGED) -> float:
    nets = networks(interactions, full=full)
    data = task_data(interactions, tasks(interactions, users), full=full)
    found = engine(
        nets, data, interactions, Reptile(Reptile.Params(inner_steps=steps, rates=RATES))
    )
    return worst(found, by_the_plain_loop(nets, data, interactions, steps))


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_outer_gradient_is_the_way_to_the_adapted_parameters(interactions, steps, full):
    assert compared(interactions, steps, full) < 1e-10


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
def test_users_without_any_support_learn_from_their_query_alone(interactions, full):
    assert compared(interactions, 2, full, users=[(0, 2), (0, 1), (0, 3)]) < 1e-10


def test_one_step_is_the_gradient_of_all_rows(interactions):
    """Nichol et al., section 5: with one inner step Reptile is joint training; theta - theta_u = rate * gradient."""
    nets = networks(interactions, full=False)
    data = task_data(interactions, tasks(interactions, RAGGED), full=False)
    _, found = engine(nets, data, interactions, Reptile(Reptile.Params(inner_steps=1, rates=RATES)))
    leaves = {f"selector/{leaf}": value for leaf, value in nets["selector"].leaves().items()}
    rows = [slice(data.ptr[user], data.ptr[user + 1]) for user in range(data.users)]
    loss = sum(oracle.mixture_loss(nets, leaves, data, own) for own in rows) / data.users
    gradients = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
    for name in ("selector/net.0.weight", "selector/net.2.bias"):
        torch.testing.assert_close(
            found[name], RATES["selector"] * gradients[name], rtol=1e-10, atol=1e-14
        )


def test_mutant_support_alone_is_caught(interactions, monkeypatch):
    monkeypatch.setattr(reptile, "all_as_support", lambda batch: batch)
    assert compared(interactions, 1, full=True) > 1e-4


def test_at_test_time_it_adapts_to_the_support_alone(interactions):
    nets = networks(interactions, full=True)
    learnable = learnable_of(nets, interactions)
    data = task_data(interactions, tasks(interactions, RAGGED, labelled=False), full=True)
    same = (
        MAML(MAML.Params(inner_steps=3, rates=RATES)),
        Reptile(Reptile.Params(inner_steps=3, rates=RATES)),
    )
    found = [
        adapt_and_predict(rule, learnable, outer_parameters(rule, learnable), data) for rule in same
    ]
    assert found[0].logits.tobytes() == found[1].logits.tobytes()
