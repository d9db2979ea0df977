"""ANIL is the plain loop in which every rate but the head's is zero."""

from __future__ import annotations

import pytest
import torch

from bench.errors import PluginError
from bench.interfaces import PluginParams
from bench.learn import DifferentiableSelector, Learnable, build_selector
from bench_metaselector.anil import ANIL
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RAGGED, RATES, engine, learnable_of, start_rates, worst

HEAD = ("selector/net.2.weight", "selector/net.2.bias")


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def compared(interactions, steps, order, full, learn_rates) -> float:
    nets = networks(interactions, full=full)
    data = task_data(interactions, tasks(interactions, RAGGED), full=full)
    found = engine(
        nets,
        data,
        interactions,
        ANIL(ANIL.Params(inner_steps=steps, order=order, rates=RATES, learn_rates=learn_rates)),
    )
    leaves = {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }
    factor = torch.ones((), dtype=torch.float64, requires_grad=True)
    total = oracle.outer_loss(
        nets,
        leaves,
        {
            leaf: rate * factor * (leaf in HEAD)
            for leaf, rate in start_rates(nets, interactions).items()
        },
        data,
        steps=steps,
        second_order=order == "second",
        field_of_entry=oracle.field_of_entry(interactions),
    )
    named = {**leaves, **({"rate": factor} if learn_rates else {})}
    gradients = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
    return worst(found, (total.detach(), dict(zip(named, gradients, strict=True))))


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize(("steps", "learn_rates"), [(1, False), (3, False), (3, True)])
def test_meta_gradients_equal_the_plain_loop(interactions, steps, order, full, learn_rates):
    assert compared(interactions, steps, order, full, learn_rates) < 1e-10


def test_everything_is_meta_trained(interactions):
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    _, gradients = engine(nets, data, interactions, ANIL(ANIL.Params(rates=RATES, inner_steps=2)))
    assert [name for name, gradient in gradients.items() if not gradient.abs().max() > 0] == []


def test_mutant_whole_selector_adapted_is_caught(interactions, monkeypatch):
    monkeypatch.setattr(Learnable, "only", lambda self, leaves: self)
    assert compared(interactions, 1, "second", full=False, learn_rates=False) > 1e-4


def test_the_head_is_the_last_layer(interactions):
    assert learnable_of(networks(interactions, full=True), interactions).head() == HEAD


def test_what_is_narrowed_stays_narrow(interactions):
    learnable = learnable_of(networks(interactions, full=True), interactions)
    narrowed = learnable.only(HEAD)
    assert narrowed.adapted() == HEAD == narrowed.only(learnable.adapted()).adapted()
    assert len(learnable.adapted()) > len(HEAD)
    assert set(narrowed.rates(RATES)) == set(HEAD)
    assert narrowed.parameters().keys() == learnable.parameters().keys()


def test_a_selector_of_tables_alone_is_refused(interactions):
    class Tabular(DifferentiableSelector):
        name = "tabular"

        def build(self, fields, models):
            self.models = len(models)

        def tables(self):
            return {"scores": self.models}

        def forward(self, rows):
            return rows["scores"].sum(-2)

    network = build_selector(Tabular(PluginParams()), interactions, ("a", "b"), seed=0)
    with pytest.raises(PluginError, match=r"selector Tabular has no layer .*: it has only tables"):
        Learnable(interactions, network).head()
