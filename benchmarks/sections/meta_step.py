"""What a user costs in meta-training, and fine-tuning's settings tried on validation users: compiled code beside automatic
differentiation by torch, which adapts whatever the compiled code does not know."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.learn import Learnable
from bench.learn.adaptation.predicting import query_loss, query_losses
from bench_metaselector.fine_tune import FineTune
from benchmarks.meta_case import full_case, learnable_of, outer_step
from benchmarks.meta_engine import make_case
from benchmarks.peers.machine import describe
from benchmarks.sections.rounds import in_rounds, times_as_fast

__all__ = ["measure"]

STEPS = 5


def measure(rounds: int, quick: bool) -> dict[str, Any]:
    users = 16 if quick else 64
    return {
        "text": [
            f"An outer step, second order, {STEPS} inner steps, float32, one thread, {rounds} rounds: compiled code beside "
            "automatic differentiation on the same tasks, users a CPU second. Settings of fine-tuning: 1, 5 and 15 steps, "
            "two rates, three scales. 64-200-4 is a selector of 64 inputs, 200 hidden units and 4 outputs, a weight of each "
            "of 4 base models."
        ],
        "head": ["work", "users", "autograd, users/s", "compiled, users/s", "times as fast"],
        "rows": [
            _selector_alone(users, rounds),
            *(_all_parameters(users, rows, rounds) for rows in (13_000, 1_000_000)),
            _settings(users, rounds),
        ],
        "machine": describe(),
    }


def _selector_alone(users: int, rounds: int) -> list[str]:
    case = make_case(13_000, users, full=False, steps=STEPS, rows=(4, 160), models=4)
    selector = case.networks["selector"]
    ways = {
        name: partial(outer_step, case, Learnable(case.interactions, selector, kernel=kernel))
        for name, kernel in (("autograd", "autograd"), ("compiled", "numba"))
    }
    return _row("selector alone, 64-200-4", users, in_rounds(ways, rounds))


def _all_parameters(users: int, table_rows: int, rounds: int) -> list[str]:
    case = full_case(users, table_rows=table_rows)
    ways = {
        "autograd": partial(outer_step, case, learnable_of(case, "autograd")),
        "compiled": partial(outer_step, case, learnable_of(case, "numba")),
    }
    what = f"LR, FM, FFM, DeepFM and selector, {table_rows:,} table rows"
    return _row(what, users, in_rounds(ways, rounds))


def _settings(users: int, rounds: int) -> list[str]:
    """Each setting on its own by automatic differentiation; all of them together by compiled code."""
    case = full_case(users)
    chosen = FineTune.Params(inner_steps=(1, 5, 15), rate_factors=(0.3, 1.0))
    rules = [FineTune(params) for params in FineTune(chosen).candidates()]
    slow, fast = learnable_of(case, "autograd"), learnable_of(case, "numba")
    outer = slow.parameters()

    def one_by_one() -> None:
        for rule in rules:
            query_loss(rule, slow, outer, case.tasks)

    ways = {
        "autograd": one_by_one,
        "compiled": partial(query_losses, rules, fast, [outer] * len(rules), case.tasks),
    }
    what = f"{len(rules)} settings of fine-tuning: autograd one by one, compiled all together"
    return _row(what, users, in_rounds(ways, rounds))


def _row(what: str, users: int, seconds: dict[str, list[float]]) -> list[str]:
    speeds = [f"{users / min(seconds[way]):,.0f}" for way in ("autograd", "compiled")]
    return [what, str(users), *speeds, times_as_fast(seconds["autograd"], seconds["compiled"])]
