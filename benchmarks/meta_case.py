"""The full meta-step that benchmarks time: LR, FM, FFM and DeepFM under a perceptron, all parameters adapted, five steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bench.learn import Learnable, build_model, build_selector
from bench.learn.adaptation.meta_training import outer_gradients, outer_parameters
from bench.learn.adaptation.windows import whole
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from benchmarks.meta_engine import Case, make_case, perturb

__all__ = ["POOL", "full_case", "learnable_of", "outer_step"]

POOL = {
    "lr": LR(LR.Params()),
    "fm": FM(FM.Params()),
    "ffm": FFM(FFM.Params()),
    "deepfm": DeepFM(DeepFM.Params(hidden=(64, 32))),
}


def full_case(users: int, *, steps: int = 5, table_rows: int = 13_000) -> Case:
    """Users of 4 to 160 rows, a fifth of them query; float32."""
    drawn = make_case(table_rows, users, full=False, steps=steps, rows=(4, 160))
    networks = {
        "selector": build_selector(MLP(MLP.Params()), drawn.interactions, tuple(POOL), seed=1),
        **{name: build_model(model, drawn.interactions, seed=2) for name, model in POOL.items()},
    }
    perturb(networks)
    encoded = drawn.tasks.encoded["selector"]
    both = {"selector": encoded, "pool": encoded}
    tasks = replace(drawn.tasks, encoded=both, base_logits=None)
    return drawn._replace(networks=networks, tasks=tasks)


def learnable_of(case: Case, kernel: Literal["numba", "autograd"]) -> Learnable:
    selector, *_ = case.networks.values()
    pool = {name: network for name, network in case.networks.items() if name in POOL}
    return Learnable(case.interactions, selector, pool, kernel=kernel)


def outer_step(case: Case, learnable: Learnable) -> None:
    """The gradients of one, over all users."""
    outer = outer_parameters(case.rule, learnable)
    outer_gradients(case.rule, learnable, outer, case.tasks, whole(case.tasks))
