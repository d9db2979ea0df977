"""An outer step of meta-training, second order: the engine beside the plain loop over users that is its oracle."""

from __future__ import annotations

import pytest

from bench.learn import Learnable
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench_metaselector.meta_sgd import MetaSGD
from tests.learn import oracle
from tests.learn.parts import networks, task_data, tasks

USERS, STEPS = 32, 1


@pytest.fixture(params=[False, True], ids=["selector-only", "full"])
def case(request, interactions):
    nets = networks(interactions, full=request.param)
    view = tasks(interactions, [(20, 5)] * USERS)
    pool = {name: net for name, net in nets.items() if name != "selector"}
    learnable = Learnable(interactions, nets["selector"], pool or None)
    rule = MetaSGD(MetaSGD.Params(inner_steps=STEPS, support_scale=0, step_factors=False))
    return interactions, nets, task_data(interactions, view, full=request.param), learnable, rule


def test_engine(benchmark, case, request):
    _, _, data, learnable, rule = case
    outer = {
        **learnable.parameters(),
        **{n: v.requires_grad_() for n, v in rule.learned(learnable).items()},
    }

    def step():
        for chunk in chunks(whole(data)):
            rule.outer_loss(learnable, outer, gather(data, chunk)).sum().backward()

    benchmark.group = request.node.callspec.id
    benchmark.pedantic(step, rounds=10, warmup_rounds=2)


def test_plain_loop(benchmark, case, request):
    interactions, nets, data, learnable, rule = case
    leaves = {
        f"{name}/{leaf}": value
        for name, net in nets.items()
        for leaf, value in net.leaves().items()
    }
    rates = {
        name: rate.requires_grad_()
        for name, rate in learnable.rates(rule.params.rates.model_dump()).items()
    }
    fields = oracle.field_of_entry(interactions)

    def step():
        oracle.outer_loss(
            nets, leaves, rates, data, steps=STEPS, second_order=True, field_of_entry=fields
        ).backward()

    benchmark.group = request.node.callspec.id
    benchmark.pedantic(step, rounds=3, warmup_rounds=1)
