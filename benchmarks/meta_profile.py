"""Where the time of an outer step by automatic differentiation goes, by phase and by kind of operation: so a pool with a
stranger's model is adapted. All parameters, 5 inner steps, second order.

    python -m benchmarks.meta_profile [--users 256] [--table-rows 132000] [--rounds 3]

One thread, float32, self CPU time by torch.profiler, which slows everything down, and Python most: read the shares. Prints
Markdown."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile, record_function

from bench.interfaces import Episodes
from bench.learn import Learnable
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.outer import OuterOptimiser
from bench.learn.adaptation.windows import chunks, whole
from bench.settings import MetaTrainSettings
from benchmarks.meta_engine import Case, make_case
from benchmarks.one_thread import one_thread

GATHER, INNER, GRADIENTS, QUERY, OUTER, OPTIMISER = PHASES = (
    "gathering the chunk",
    "inner steps: forward and update",
    "inner steps: gradients",
    "query loss",
    "outer backward",
    "optimiser",
)
# words in the names of aten's operations, in order: the first group that has one
WORDS = {
    "matrix products": {"mm", "bmm", "addmm", "baddbmm", "matmul", "mv", "dot"},
    "lookups": {"embedding", "index", "scatter", "gather", "take", "bucketize", "coalesce"},
    "reductions": {
        "sum",
        "mean",
        "softmax",
        "logsumexp",
        "amax",
        "max",
        "norm",
        "prod",
        "cumsum",
        "all",
        "any",
    },
}
LOOKUPS = (
    "_Apply",
    "_ApplyBackward",
)  # products with the sparse matrices of bench.learn.network.row_index
ELEMENTWISE, ENGINE, PYTHON = (
    "elementwise, copies, views",
    "autograd engine",
    "Python between operations",
)
GROUPS = (*WORDS, ELEMENTWISE, ENGINE, PYTHON)


class Marked(Learnable):
    """The engine, with the phases of an outer step marked for the profiler."""

    def loss(self, per_user: Mapping[str, Tensor], batch: Episodes, part: Any) -> Tensor:
        with record_function(QUERY if part == "query" else INNER):
            return super().loss(per_user, batch, part)

    def gradients(
        self, loss: Tensor, per_user: Mapping[str, Tensor], *, create_graph: bool
    ) -> dict[str, Tensor]:
        with record_function(GRADIENTS):
            return super().gradients(loss, per_user, create_graph=create_graph)


class Step:
    """An outer step as bench.learn.adaptation.meta_training takes it, its phases marked."""

    def __init__(self, case: Case) -> None:
        pool = {name: network for name, network in case.networks.items() if name != "selector"}
        self._case, self._learnable = (
            case,
            Marked(case.interactions, case.networks["selector"], pool or None, kernel="autograd"),
        )
        self._outer = outer_parameters(case.rule, self._learnable)
        self._optimiser = OuterOptimiser(self._outer, self._learnable, MetaTrainSettings())

    def __call__(self) -> None:
        gradients = self.gradients()
        with record_function(OPTIMISER):
            self._optimiser.step(gradients)

    def gradients(self) -> dict[str, Tensor]:
        tasks, totals = self._case.tasks, dict[str, Tensor]()
        for chunk in chunks(whole(tasks), self._learnable.chunk_users):
            with record_function(GATHER):
                batch = gather(tasks, chunk)
            with record_function(INNER):
                loss = (
                    self._case.rule.outer_loss(self._learnable, self._outer, batch).sum()
                    / tasks.users
                )
            with record_function(OUTER):
                found = torch.autograd.grad(loss, list(self._outer.values()), allow_unused=True)
                for name, gradient in zip(self._outer, found, strict=True):
                    if gradient is not None:
                        totals[name] = totals[name] + gradient if name in totals else gradient
        with record_function(OUTER):
            return {
                name: total.coalesce() if total.is_sparse else total
                for name, total in totals.items()
            }


def shares(step: Step, rounds: int) -> dict[str, Counter[str]]:
    """Phase to group of operations to its share of all self CPU time."""
    step()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(rounds):
            step()
    times: dict[str, Counter[str]] = {phase: Counter() for phase in PHASES}
    for event in profiler.events():
        phase = phase_of(event)
        if phase is not None:
            times[phase][group_of(event.name)] += event.self_cpu_time_total
    total = sum(counter.total() for counter in times.values())
    return {
        phase: Counter({group: time / total for group, time in counter.items()})
        for phase, counter in times.items()
    }


def phase_of(event: Any) -> str | None:
    """Of the nearest mark around it."""
    while event is not None and event.name not in PHASES:
        event = event.cpu_parent
    return None if event is None else event.name


def group_of(name: str) -> str:
    if name in LOOKUPS:
        return "lookups"
    if name.startswith("aten::"):
        words = set(name.removeprefix("aten::").split("_"))
        return next((group for group, some in WORDS.items() if words & some), ELEMENTWISE)
    return ENGINE if "Backward" in name or name.startswith("autograd::") else PYTHON


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--users", type=int, default=256)
    parser.add_argument("--table-rows", type=int, default=132_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    one_thread()
    case = make_case(arguments.table_rows, arguments.users, full=True, steps=5)
    found = shares(Step(case), arguments.rounds)
    print(f"| phase | {' | '.join(GROUPS)} | all |\n|---|{'---|' * (len(GROUPS) + 1)}")
    total = sum(found.values(), Counter[str]())
    for phase, counter in [*found.items(), ("all", total)]:
        cells = [f"{100 * counter[group]:.1f} %" for group in GROUPS]
        print(f"| {phase} | {' | '.join(cells)} | {100 * counter.total():.1f} % |")


if __name__ == "__main__":
    main()
