"""Fine-tuning: its settings, and its inner loop against the plain loop over users, in float64."""

from __future__ import annotations

import pytest
import torch

from bench.interfaces import MetaLearner
from bench.learn import descend
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.predicting import query_loss, query_losses
from bench.learn.adaptation.windows import whole
from bench_metaselector import fine_tune
from bench_metaselector.fine_tune import FineTune
from tests.datasets import make_interactions
from tests.learn import oracle
from tests.learn.mixtures import perceptron, with_pool
from tests.learn.parts import networks, task_data, tasks
from tests.learn.rules import RAGGED, RATES, engine, learnable_of


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def test_candidates_are_all_combinations():
    rule = FineTune(
        FineTune.Params(inner_steps=(1, 5), rate_factors=(0.1, 1.0), support_scales=(0.0, 25.0))
    )
    chosen = [
        (*one.inner_steps, *one.rate_factors, *one.support_scales) for one in rule.candidates()
    ]
    assert chosen == [
        (steps, factor, n0) for steps in (1, 5) for factor in (0.1, 1.0) for n0 in (0.0, 25.0)
    ]


def losses(interactions, full, n0, steps, factor):
    """Mean query loss after adaptation, by the engine and by the plain loop."""
    nets = networks(interactions, full=full)
    data = task_data(interactions, tasks(interactions, RAGGED), full=full)
    rule = FineTune(
        FineTune.Params(
            inner_steps=(steps,), rate_factors=(factor,), support_scales=(n0,), rates=RATES
        )
    )
    found, _ = engine(nets, data, interactions, rule)
    expected = oracle.outer_loss(
        nets,
        {
            f"{name}/{leaf}": value
            for name, net in nets.items()
            for leaf, value in net.leaves().items()
        },
        learnable_of(nets, interactions).rates(
            {group: factor * rate for group, rate in RATES.items()}
        ),
        data,
        steps=steps,
        second_order=False,
        field_of_entry=oracle.field_of_entry(interactions),
        scale=lambda rows, _: rows / (rows + n0) if n0 else 1.0,
    ).detach()
    return float(found), float(expected)


@pytest.mark.parametrize("full", [False, True], ids=["selector-only", "full"])
@pytest.mark.parametrize("n0", [0.0, 6.0])
def test_the_inner_loop_equals_the_plain_loop(interactions, full, n0):
    found, expected = losses(interactions, full, n0, steps=3, factor=0.5)
    assert found == pytest.approx(expected, rel=1e-10)


def test_mutant_of_the_scale_is_caught(interactions, monkeypatch):
    monkeypatch.setattr(
        fine_tune,
        "shrunk_by_support",
        lambda batch, n0: torch.ones(batch.users, dtype=torch.float64),
    )
    found, expected = losses(interactions, True, 6.0, steps=3, factor=0.5)
    assert abs(found - expected) > 1e-4 * expected


def test_a_user_without_support_stays_where_all_start(interactions):
    nets = networks(interactions, full=False)
    data = task_data(interactions, tasks(interactions, [(0, 2), (4, 2)]), full=False)
    learnable, batch = learnable_of(nets, interactions), gather(data, whole(data))
    rule = FineTune(
        FineTune.Params(inner_steps=(3,), rate_factors=(1.0,), support_scales=(25.0,), rates=RATES)
    )
    start, adapted = (
        learnable.per_user(learnable.parameters(), batch),
        rule.adapt(learnable, learnable.parameters(), batch, training=False),
    )
    assert all(torch.equal(start[leaf][0], adapted[leaf][0]) for leaf in start)
    assert any(not torch.equal(start[leaf][1], adapted[leaf][1]) for leaf in start)


MADE = {"selector-only": perceptron, "full": with_pool, "strangers": None}


def candidates_and_batch(interactions, make):
    """Three numbers of steps, not in order, by two factors; all users; and what the candidates start from."""
    nets = networks(interactions, full=True) if make is None else make(interactions)
    full = len(nets) > 1
    data = task_data(interactions, tasks(interactions, RAGGED), full=full)
    rule = FineTune(
        FineTune.Params(
            inner_steps=(3, 1, 0, 5), rate_factors=(0.5, 1.0), support_scales=(6.0,), rates=RATES
        )
    )
    rules = [FineTune(params) for params in rule.candidates()]
    learnable = learnable_of(nets, interactions)
    return rules, learnable, [learnable.parameters()] * len(rules), gather(data, whole(data))


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_candidates_that_share_steps_end_where_each_would_on_its_own(interactions, make):
    rules, learnable, outers, batch = candidates_and_batch(interactions, make)
    shared = dict(FineTune.adapt_each(rules, learnable, outers, batch))
    alone = dict(MetaLearner.adapt_each.__func__(FineTune, rules, learnable, outers, batch))
    assert shared.keys() == alone.keys() == set(range(len(rules)))
    for number, leaves in alone.items():
        assert leaves.keys() == shared[number].keys()
        for leaf, value in leaves.items():
            assert torch.equal(value, shared[number][leaf])
    (last, *_) = learnable.head()
    ends = {float(leaves[last].detach().abs().sum()) for leaves in alone.values()}
    assert len(ends) == len(rules) - 1  # the two of no step end where all start


def test_shared_steps_are_taken_once(interactions, monkeypatch):
    rules, learnable, outers, batch = candidates_and_batch(interactions, perceptron)
    taken = []

    def counted(*arguments, **named):
        taken.append(len(arguments[4]))
        return descend(*arguments, **named)

    monkeypatch.setattr(fine_tune, "descend", counted)
    list(FineTune.adapt_each(rules, learnable, outers, batch))
    assert sum(taken) == 2 * 5


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_losses_of_all_candidates_are_those_of_each(interactions, make):
    nets = networks(interactions, full=True) if make is None else make(interactions)
    data = task_data(interactions, tasks(interactions, RAGGED), full=len(nets) > 1)
    rules, learnable, outers, _ = candidates_and_batch(interactions, make)
    found = query_losses(rules, learnable, outers, data)
    expected = [
        query_loss(*each, data) for each in zip(rules, [learnable] * 8, outers, strict=True)
    ]
    assert found == expected


def test_what_goes_on_from_leaves_does_so_at_test_time_alone(interactions):
    _, learnable, outers, batch = candidates_and_batch(interactions, perceptron)
    arguments = learnable, outers[0], batch, learnable.rates(RATES), [None]
    start = learnable.per_user(outers[0], batch)
    for wrong in ({"training": True}, {"training": False, "inner_batch": 2}):
        with pytest.raises(ValueError, match="goes on from `start` at test time alone"):
            descend(*arguments, second_order=False, start=start, **wrong)
