"""An outer step of meta-training of the selector alone, second order: by the hand-derived kernel that numba compiles, by
automatic differentiation, and by a plain loop.

256 users of 4 to 80 rows, a fifth of them query; a perceptron from 64 inputs over 200 hidden units to 4 models; one inner
step and five; with a table that moves and with all fields frozen, which the outer loop trains all the same; float32, one
thread, CPU time. The last test prints ratios within this run."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.learn import Encoder, Learnable, Network, TaskData, build_selector
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench_baselines.mlp import MLP
from bench_metaselector.meta_sgd import MetaSGD
from tests.datasets import make_interactions
from tests.learn import oracle

USERS, MODELS = 256, ("a", "b", "c", "d")
ROUNDS = {"plain loop": 2, "autograd": 10, "numba": 10}
best: dict[
    tuple[int, str, str], float
] = {}  # steps, table and way to the CPU seconds of the fastest round

pytestmark = pytest.mark.benchmark(group="selector-only", timer=time.process_time)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    interactions = make_interactions(
        tmp_path_factory.mktemp("data"), users=1000, items=1000, rows_per_user=45, seed=0
    )
    # 5 fields of 12 and 4 base logits are 64 inputs
    params = MLP.Params(embedding_dim=12, hidden=(200,))
    selector = build_selector(MLP(params), interactions, MODELS, seed=1)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in selector.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    encoder = Encoder.fit(View(interactions, np.arange(len(interactions))))
    return interactions, selector, TaskData.of(_tasks(interactions), encoder)


@pytest.mark.parametrize("way", ROUNDS)
@pytest.mark.parametrize("table", ["moves", "frozen"])
@pytest.mark.parametrize("steps", [1, 5])
def test_outer_step(benchmark, case, steps, table, way):
    frozen = tuple(field.name for field in case[0].fields) if table == "frozen" else ()
    step = (
        _plain_loop(*case, steps, frozen)
        if way == "plain loop"
        else _engine(*case, steps, frozen, kernel=way)
    )
    benchmark.pedantic(step, rounds=ROUNDS[way], warmup_rounds=1)
    if benchmark.stats is not None:
        best[steps, table, way] = benchmark.stats.stats.min


def test_ratios(capsys):
    if not best or any((steps, table, "plain loop") not in best for steps, table, _ in best):
        pytest.skip("needs the timings of this run")
    with capsys.disabled():
        print("\ninner steps, table, way: times faster than the plain loop")
        for (steps, table, way), seconds in best.items():
            if way != "plain loop":
                print(f"{steps}, {table}, {way}: {best[steps, table, 'plain loop'] / seconds:.1f}")


def _engine(
    interactions: Interactions,
    selector: Network,
    data: TaskData,
    steps: int,
    frozen: tuple[str, ...],
    kernel,
):
    learnable = Learnable(interactions, selector, frozen_fields=frozen, kernel=kernel)
    rule = MetaSGD(MetaSGD.Params(inner_steps=steps, support_scale=0, step_factors=False))
    outer = {
        **learnable.parameters(),
        **{n: v.requires_grad_() for n, v in rule.learned(learnable).items()},
    }

    def step() -> None:
        for chunk in chunks(whole(data), learnable.chunk_users):
            rule.outer_loss(learnable, outer, gather(data, chunk)).sum().backward()

    return step


def _plain_loop(
    interactions: Interactions,
    selector: Network,
    data: TaskData,
    steps: int,
    frozen: tuple[str, ...],
):
    start = Learnable(interactions, selector).rates(MetaSGD.Params().rates.model_dump())
    leaves = {f"selector/{leaf}": value for leaf, value in selector.leaves().items()}
    rates = {name: rate.requires_grad_() for name, rate in start.items()}
    fields = oracle.field_of_entry(interactions)
    positions = tuple(
        place for place, field in enumerate(interactions.fields) if field.name in frozen
    )

    def step() -> None:
        oracle.outer_loss(
            {"selector": selector},
            leaves,
            rates,
            data,
            steps=steps,
            second_order=True,
            field_of_entry=fields,
            frozen_positions=positions,
        ).backward()

    return step


def _tasks(interactions: Interactions) -> TaskView:
    """The last fifth of a user's rows is the query."""
    starts, lengths = np.asarray(interactions.user_ptr)[:-1], np.diff(interactions.user_ptr)
    users = np.flatnonzero((lengths >= 4) & (lengths <= 80))[:USERS]
    queries = np.maximum(1, np.rint(lengths[users] / 5).astype(int))
    cuts = starts[users] + lengths[users] - queries
    support = np.concatenate(
        [np.arange(start, cut) for start, cut in zip(starts[users], cuts, strict=True)]
    )
    query = np.concatenate(
        [np.arange(cut, cut + rows) for cut, rows in zip(cuts, queries, strict=True)]
    )
    labels, generator = interactions.labels(), np.random.default_rng(0)
    return TaskView(
        models=MODELS,
        support=View(interactions, support, labels[support], False),
        query=View(interactions, query, labels[query], False),
        support_ptr=np.concatenate([[0], np.cumsum(cuts - starts[users])]),
        query_ptr=np.concatenate([[0], np.cumsum(queries)]),
        support_base_logits=generator.normal(size=(len(support), len(MODELS))).astype(np.float32),
        query_base_logits=generator.normal(size=(len(query), len(MODELS))).astype(np.float32),
    )
