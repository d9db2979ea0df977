"""Adapt sets: what no entry names is moved by neither loop; what is named moves as the plain loop says."""

from __future__ import annotations

import pytest
import torch

from bench.adapt_sets import named
from bench.errors import PluginError
from bench.interfaces import PluginParams
from bench.learn import DifferentiableSelector, Learnable, build_selector, meta_train
from bench.learn.adaptation.meta_training import outer_gradients, outer_parameters
from bench.learn.adaptation.windows import whole
from bench.settings import MetaTrainSettings
from bench_metaselector.maml import MAML
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RAGGED, RATES, start_rates, worst

LEAVES = [
    "selector/net.0.weight",
    "selector/net.10.weight",
    "fm/factors",
    "fm/bias",
    "fm.1/factors",
    "a/b/deep.0.bias",
]
SETS = {
    "a-model": ("selector", "deep"),
    "a-table": ("selector", "pairwise/factors"),
    "a-layer": ("selector/net.2", "deep/net.0"),
    "pool-alone": ("base_models",),
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("selector", LEAVES[:2]),
        ("base_models", LEAVES[2:]),
        ("fm", LEAVES[2:4]),
        ("fm/bias", LEAVES[3:4]),
        ("selector/net", LEAVES[:2]),
        ("selector/net.1", []),
        ("a/b", LEAVES[5:]),
        ("a/b/deep", LEAVES[5:]),
        ("a/b/dee", []),
        ("a", []),
        ("fm/", []),
    ],
)
def test_what_an_entry_names(entry, expected):
    assert named(entry, LEAVES) == expected


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def learnable_of(nets, interactions, adapt) -> Learnable:
    return Learnable(
        interactions,
        nets["selector"],
        {k: v for k, v in nets.items() if k != "selector"},
        (),
        adapt,
    )


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("adapt", SETS.values(), ids=SETS)
def test_meta_gradients_equal_the_plain_loop(interactions, adapt, order):
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    learnable = learnable_of(nets, interactions, adapt)
    rule = MAML(MAML.Params(inner_steps=3, order=order, rates=RATES))
    found = outer_gradients(rule, learnable, outer_parameters(rule, learnable), data, whole(data))
    assert (
        set(found)
        == set(learnable.adapted())
        == {leaf for entry in adapt for leaf in named(entry, all_of(nets))}
    )
    leaves = all_of(nets)
    total = oracle.outer_loss(
        nets,
        leaves,
        {leaf: rate * (leaf in found) for leaf, rate in start_rates(nets, interactions).items()},
        data,
        steps=3,
        second_order=order == "second",
        field_of_entry=oracle.field_of_entry(interactions),
    )
    expected = torch.autograd.grad(total, [leaves[name] for name in found])
    dense = {name: gradient.to_dense() for name, gradient in found.items()}
    assert (
        worst((total.detach(), dense), (total.detach(), dict(zip(found, expected, strict=True))))
        < 1e-10
    )


def all_of(nets):
    return {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }


@pytest.mark.parametrize("adapt", SETS.values(), ids=SETS)
def test_the_rest_stays_bit_for_bit(interactions, adapt):
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    learnable, start = (
        learnable_of(nets, interactions, adapt),
        {k: v.detach().clone() for k, v in all_of(nets).items()},
    )
    settings = MetaTrainSettings(
        epochs=2, users=3, patience=5, learning_rate=1e-3, base_learning_rate=1e-3
    )
    outer, history = meta_train(
        MAML(MAML.Params(inner_steps=1, rates=RATES)), learnable, data, data, settings, seed=0
    )
    assert history.best_epoch > 0
    moved = {name for name, value in start.items() if not torch.equal(outer[name], value)}
    assert moved == set(learnable.adapted())


def test_mutant_the_rest_takes_outer_steps(interactions, monkeypatch):
    monkeypatch.setattr(Learnable, "parameters", lambda self: all_of(self.networks))
    with pytest.raises(AssertionError):
        test_the_rest_stays_bit_for_bit(interactions, SETS["a-table"])


def test_an_entry_that_names_nothing_is_refused(interactions):
    nets = networks(interactions, full=True)
    with pytest.raises(
        PluginError, match=r"adapt names 'deep/net\.7', but there are selector/net\.0\.weight, "
    ):
        learnable_of(nets, interactions, ("selector", "deep/net.7"))


def test_a_network_without_parameters_may_be_named(interactions):
    class Average(DifferentiableSelector):
        name = "average"

        def build(self, fields, models):
            self.models = len(models)

        def tables(self):
            return {}

        def forward(self, rows):
            return torch.zeros_like(rows.base_logits)

    network = build_selector(Average(PluginParams()), interactions, ("a", "b"), seed=0)
    assert Learnable(interactions, network).adapted() == ()
