"""An outer step of meta-training of all parameters, second order, five inner steps: LR, FM, FFM and DeepFM under a perceptron,
by compiled code and by automatic differentiation.

64 users of 4 to 160 rows, a fifth of them query; 13,000 table rows; float32, one thread, CPU time. The last test prints the
ratio within this run."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bench.learn import Learnable, build_model, build_selector
from bench.learn.adaptation.meta_training import outer_gradients, outer_parameters
from bench.learn.adaptation.windows import whole
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from benchmarks.meta_engine import make_case, perturb

USERS, STEPS = 64, 5
POOL = {
    "lr": LR(LR.Params()),
    "fm": FM(FM.Params()),
    "ffm": FFM(FFM.Params()),
    "deepfm": DeepFM(DeepFM.Params(hidden=(64, 32))),
}
best: dict[str, float] = {}  # way to the CPU seconds of the fastest round

pytestmark = pytest.mark.benchmark(group="meta-step", timer=time.process_time)


@pytest.fixture(scope="module")
def case():
    drawn = make_case(13_000, USERS, full=False, steps=STEPS, rows=(4, 160))
    networks = {
        "selector": build_selector(MLP(MLP.Params()), drawn.interactions, tuple(POOL), seed=1),
        **{name: build_model(model, drawn.interactions, seed=2) for name, model in POOL.items()},
    }
    perturb(networks)
    encoded = drawn.tasks.encoded["selector"]
    both = {"selector": encoded, "pool": encoded}
    tasks = replace(drawn.tasks, encoded=both, base_logits=None)
    return drawn._replace(networks=networks, tasks=tasks)


@pytest.mark.parametrize("way", ["autograd", "numba"])
def test_outer_step(benchmark, case, way):
    selector, *_ = case.networks.values()
    pool = {name: case.networks[name] for name in POOL}
    learnable = Learnable(case.interactions, selector, pool, kernel=way)
    outer = outer_parameters(case.rule, learnable)

    def step() -> None:
        outer_gradients(case.rule, learnable, outer, case.tasks, whole(case.tasks))

    benchmark.pedantic(step, rounds=5, warmup_rounds=1)
    if benchmark.stats is not None:
        best[way] = benchmark.stats.stats.min


def test_ratio(capsys):
    if len(best) < 2:
        pytest.skip("needs the timings of this run")
    with capsys.disabled():
        users = {way: USERS / seconds for way, seconds in best.items()}
        print(f"\nusers a CPU second: {users}; ratio {users['numba'] / users['autograd']:.2f}")
