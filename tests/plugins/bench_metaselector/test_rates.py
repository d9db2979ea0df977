"""Inner rates, learned or fixed, in every granularity: outer loss and meta-gradients against the plain loop, in float64."""

from __future__ import annotations

import math

import pytest
import torch

from bench.learn.adaptation import descent
from bench_metaselector import _rule
from bench_metaselector.maml import MAML
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RAGGED, RATES, engine, start_rates, worst

CASES = {
    "maml-fixed": (MAML, {}),
    "maml-scalar": (MAML, {"learn_rates": True}),
    "maml-tensor": (MAML, {"learn_rates": True, "rate": "tensor"}),
    "maml-scaled": (
        MAML,
        {"learn_rates": True, "rate": "tensor", "support_scale": 6.0, "step_factors": True},
    ),
    "maml-inner-batch": (MAML, {"inner_batch": 2, "support_scale": 6.0}),
    "meta-sgd-positive": (MetaSGD, {"positive": True, "support_scale": 0.0, "step_factors": False}),
    "meta-sgd-free": (MetaSGD, {"support_scale": 0.0, "step_factors": False}),
}


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def learned_values(kind, settings, starts, steps):
    """What the rule learns beside the leaves, moved away from where it starts, some of it negative; by name."""
    generator = torch.Generator().manual_seed(5)

    def drawn(like):
        return 0.4 + 0.8 * torch.randn(like.shape, generator=generator, dtype=torch.float64)

    scalar = torch.zeros((), dtype=torch.float64)
    values = {}
    if kind is MetaSGD:
        prefix = "log rate of" if settings["positive"] else "rate of"
        values = {f"{prefix} {leaf}": drawn(rate) for leaf, rate in starts.items()}
    elif settings.get("learn_rates"):
        by_leaf = settings.get("rate") == "tensor"
        values = (
            {f"rate of {leaf}": drawn(scalar) for leaf in starts}
            if by_leaf
            else {"rate": drawn(scalar)}
        )
    if settings.get("support_scale"):
        values["support scale"] = torch.tensor(1.3, dtype=torch.float64)
    if settings.get("step_factors"):
        values["step factors"] = torch.linspace(0.8, 1.1, steps, dtype=torch.float64)
    return {name: value.requires_grad_() for name, value in values.items()}


def by_the_plain_loop(nets, data, interactions, settings, values, steps, order):
    def rate(leaf, start):
        if f"log rate of {leaf}" in values:
            return start * math.e ** values[f"log rate of {leaf}"]
        return start * values.get(f"rate of {leaf}", values.get("rate", 1.0))

    def scale(rows, step):
        shrunk = (
            rows / (rows + settings["support_scale"] * values["support scale"])
            if "support scale" in values
            else 1
        )
        return shrunk * (values["step factors"][step] if "step factors" in values else 1)

    leaves = {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }
    total = oracle.outer_loss(
        nets,
        leaves,
        {leaf: rate(leaf, start) for leaf, start in start_rates(nets, interactions).items()},
        data,
        steps=steps,
        second_order=order == "second",
        field_of_entry=oracle.field_of_entry(interactions),
        scale=scale,
        inner_batch=settings.get("inner_batch", 0),
    )
    named = {**leaves, **values}
    gradients = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
    return total.detach(), dict(zip(named, gradients, strict=True))


def compared(interactions, case, steps, order, full) -> float:
    """The largest relative difference of engine and plain loop."""
    kind, settings = CASES[case]
    settings = {"positive": False, **settings} if kind is MetaSGD else settings
    nets = networks(interactions, full=full)
    data = task_data(interactions, tasks(interactions, RAGGED), full=full)
    values = learned_values(kind, settings, start_rates(nets, interactions), steps)
    rule = kind(kind.Params(inner_steps=steps, order=order, rates=RATES, **settings))
    found = engine(nets, data, interactions, rule, values)
    return worst(found, by_the_plain_loop(nets, data, interactions, settings, values, steps, order))


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_meta_gradients_equal_the_plain_loop(interactions, case, steps, order, full):
    assert compared(interactions, case, steps, order, full) < 1e-10


@pytest.mark.parametrize(
    ("case", "mutant"),
    [
        ("maml-scalar", lambda self, leaf, start, outer: start * outer["rate"].detach()),
        (
            "maml-tensor",
            lambda self, leaf, start, outer: start * outer["rate of selector/embedding"],
        ),
        (
            "meta-sgd-positive",
            lambda self, leaf, start, outer: start * (1 + outer[f"log rate of {leaf}"]),
        ),
        ("meta-sgd-free", lambda self, leaf, start, outer: start * outer[f"rate of {leaf}"].abs()),
    ],
    ids=["rate-without-gradient", "one-for-all", "not-exp", "forced-positive"],
)
@pytest.mark.parametrize("order", ["first", "second"])
def test_mutants_of_the_rate_are_caught(interactions, monkeypatch, case, mutant, order):
    monkeypatch.setattr(_rule.GradientRule, "_rate", mutant)
    assert compared(interactions, case, 1, order, full=True) > 1e-6


def test_mutant_every_step_on_the_first_rows_is_caught(interactions, monkeypatch):
    original = descent.support_batch
    monkeypatch.setattr(
        descent, "support_batch", lambda batch, step, rows: original(batch, 0, rows)
    )
    assert compared(interactions, "maml-inner-batch", 3, "second", full=False) > 1e-4


def test_what_is_learned_starts_where_the_rates_do(interactions):
    """Before any outer step every granularity is the same rule."""
    nets = networks(interactions, full=True)
    data = task_data(interactions, tasks(interactions, RAGGED), full=True)
    plain = [
        (MAML, {}),
        (MAML, {"learn_rates": True}),
        (MetaSGD, {"positive": True, "support_scale": 0.0}),
    ]
    losses = [
        float(
            engine(
                nets, data, interactions, kind(kind.Params(inner_steps=2, rates=RATES, **settings))
            )[0]
        )
        for kind, settings in plain
    ]
    assert losses == pytest.approx([losses[0]] * len(losses), rel=1e-12)


def test_a_fixed_rate_learns_nothing(interactions):
    nets = networks(interactions, full=False)
    data = task_data(interactions, tasks(interactions, RAGGED), full=False)
    _, gradients = engine(nets, data, interactions, MAML(MAML.Params(inner_steps=1, rates=RATES)))
    assert all(name.startswith("selector/") for name in gradients)


def test_mutant_scale_cut_off_with_the_second_derivatives(interactions, monkeypatch):
    """First order: n0 and the step factors learn as well as the rates."""

    def cut(learnable, leaves, batch, rates, *, create_graph, training, scale=None):
        loss = learnable.loss(leaves, batch, "support") * scale
        gradients = learnable.gradients(loss, leaves, create_graph=create_graph)
        return {
            **leaves,
            **{leaf: leaves[leaf] - rates[leaf] * gradient for leaf, gradient in gradients.items()},
        }

    monkeypatch.setattr(descent, "inner_step", cut)
    assert compared(interactions, "maml-scaled", 3, "first", full=True) > 1e-3
    assert compared(interactions, "maml-scaled", 3, "second", full=True) < 1e-10
