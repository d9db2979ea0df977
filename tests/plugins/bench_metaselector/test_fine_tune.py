"""Fine-tuning: its settings, and its inner loop against the plain loop over users, in float64."""

from __future__ import annotations

import pytest
import torch

from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import whole
from bench_metaselector import fine_tune
from bench_metaselector.fine_tune import FineTune
from tests.datasets import make_interactions
from tests.learn import oracle
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
