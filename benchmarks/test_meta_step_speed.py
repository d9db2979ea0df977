"""An outer step of meta-training of all parameters, second order, five inner steps: LR, FM, FFM and DeepFM under a perceptron,
by compiled code and by automatic differentiation.

64 users of 4 to 160 rows, a fifth of them query; 13,000 table rows; float32, one thread, CPU time. The last test prints the
ratio within this run."""

from __future__ import annotations

import time

import pytest

from benchmarks.meta_case import full_case, learnable_of, outer_step

USERS = 64
best: dict[str, float] = {}  # way to the CPU seconds of the fastest round

pytestmark = pytest.mark.benchmark(group="meta-step", timer=time.process_time)


@pytest.fixture(scope="module")
def case():
    return full_case(USERS)


@pytest.mark.parametrize("way", ["autograd", "numba"])
def test_outer_step(benchmark, case, way):
    benchmark.pedantic(outer_step, args=(case, learnable_of(case, way)), rounds=5, warmup_rounds=1)
    if benchmark.stats is not None:
        best[way] = benchmark.stats.stats.min


def test_ratio(capsys):
    if len(best) < 2:
        pytest.skip("needs the timings of this run")
    with capsys.disabled():
        users = {way: USERS / seconds for way, seconds in best.items()}
        print(f"\nusers a CPU second: {users}; ratio {users['numba'] / users['autograd']:.2f}")
