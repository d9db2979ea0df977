"""MAML's meta-gradient, second order, by learn2learn and by higher beside the engine: they adapt a clone of the module to
each user in turn.

    python -m benchmarks.meta_beside [--users 256] [--rounds 5]

A selector 64-200-4 on dense features and the logits of four base models; users of 4 to 80 rows, each a task. What cannot be
imported is named and left out; what does not find the engine's gradients in float64 is not timed. One thread, float32, CPU
time of the fastest of several rounds, each after the other. Prints Markdown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from bench.learn import Encoded, Learnable
from bench.learn.adaptation.meta_training import outer_gradients, outer_parameters
from bench.learn.adaptation.windows import whole
from bench.learn.inner_loop import KernelName
from bench.learn.network.losses import mixture_cross_entropy
from bench.learn.network.perceptron_selector import TABLE
from bench_metaselector.maml import MAML
from benchmarks.meta_engine import Case, fastest, make_case
from benchmarks.one_thread import one_thread
from tests.learn import oracle

MODELS, RATE, AGREE = 4, 2.0, 1e-8
HOW_TO_INSTALL = {
    "learn2learn": "pip download --no-deps learn2learn, and its folder learn2learn on the path (see benchmarks/README.md)",
    "higher": "pip install --no-deps higher",
}


class Task(NamedTuple):
    """Features with base logits at their end (n, 64), and labels (n,), of one user."""

    support: tuple[Tensor, Tensor]
    query: tuple[Tensor, Tensor]


# of the mean query loss, by each of the perceptron's parameters
Gradients = Callable[[], list[Tensor]]
Other = Callable[[nn.Module, list[Task], int], Gradients]


def case_of(users: int, steps: int, dtype: torch.dtype, kernel: KernelName | None = None) -> Case:
    """No table moves: what the selector reads of a row is fixed."""
    case = make_case(2_000, users, full=False, models=MODELS, steps=steps)
    selector = case.networks["selector"].to(dtype)
    assert case.tasks.base_logits is not None
    tasks = replace(
        case.tasks,
        encoded={
            name: Encoded(found.index, found.weights.to(dtype))
            for name, found in case.tasks.encoded.items()
        },
        labels=case.tasks.labels.to(dtype),
        base_logits=case.tasks.base_logits.to(dtype),
    )
    frozen = tuple(field.name for field in case.interactions.fields)
    rule = MAML(MAML.Params.model_validate({"inner_steps": steps, "rates": {"selector": RATE}}))
    learnable = Learnable(case.interactions, selector, frozen_fields=frozen, kernel=kernel)
    return case._replace(tasks=tasks, learnable=learnable, rule=rule)


def engine(case: Case) -> Gradients:
    tables = case.learnable.tables()
    outer = outer_parameters(case.rule, case.learnable)
    outer = {name: value.detach() if name in tables else value for name, value in outer.items()}

    def gradients() -> list[Tensor]:
        found = outer_gradients(case.rule, case.learnable, outer, case.tasks, whole(case.tasks))
        return [
            found[f"selector/{name}"]
            for name, _ in case.networks["selector"].plugin.named_parameters()
        ]

    return gradients


def tasks_of(case: Case) -> list[Task]:
    """The same users for a module that takes features as they are."""
    data, selector = case.tasks, case.networks["selector"]
    assert data.base_logits is not None
    encoded, tables = data.encoded["selector"], {TABLE: selector.tables[TABLE].detach()}
    rows = oracle.PlainLookup(
        tables, encoded.index.long(), encoded.weights, data.layout, data.base_logits
    )
    inputs = torch.cat([rows[TABLE].flatten(-2), data.base_logits], dim=-1)

    def part(start: int, stop: int) -> tuple[Tensor, Tensor]:
        return inputs[start:stop], data.labels[start:stop]

    bounds = zip(data.ptr[:-1], data.cut, data.ptr[1:], strict=True)
    return [Task(part(start, cut), part(cut, stop)) for start, cut, stop in bounds]


def perceptron_of(case: Case) -> nn.Module:
    """A plain module with the selector's numbers."""
    leaves = case.networks["selector"].plugin.named_parameters()
    source = {name.removeprefix("scores."): value for name, value in leaves}
    shapes = [value.shape for name, value in source.items() if name.endswith("weight")]
    layers: list[nn.Module] = []
    for outputs, inputs in shapes:
        layers += [nn.Linear(inputs, outputs, dtype=source["0.bias"].dtype), nn.ReLU()]
    module = nn.Sequential(*layers[:-1])
    module.load_state_dict(source)
    return module


def loss_of(module: Callable[[Tensor], Tensor], part: tuple[Tensor, Tensor]) -> Tensor:
    inputs, labels = part
    return mixture_cross_entropy(module(inputs), inputs[:, -MODELS:], labels).mean()


def by_learn2learn(module: nn.Module, tasks: list[Task], steps: int) -> Gradients:
    maml = import_learn2learn()(module, lr=RATE)

    def gradients() -> list[Tensor]:
        module.zero_grad()
        for task in tasks:
            learner = maml.clone()
            for _ in range(steps):
                learner.adapt(loss_of(learner, task.support))
            torch.autograd.backward(loss_of(learner, task.query) / len(tasks))
        return [value.grad for value in module.parameters() if value.grad is not None]

    return gradients


def by_higher(module: nn.Module, tasks: list[Task], steps: int) -> Gradients:
    higher = import_module("higher")
    optimiser = torch.optim.SGD(module.parameters(), lr=RATE)

    def gradients() -> list[Tensor]:
        module.zero_grad()
        for task in tasks:
            with higher.innerloop_ctx(module, optimiser, copy_initial_weights=False) as (
                learner,
                inner,
            ):
                for _ in range(steps):
                    inner.step(loss_of(learner, task.support))
                torch.autograd.backward(loss_of(learner, task.query) / len(tasks))
        return [value.grad for value in module.parameters() if value.grad is not None]

    return gradients


OTHERS: dict[str, Other] = {"learn2learn": by_learn2learn, "higher": by_higher}


def import_learn2learn() -> Any:
    """Its MAML, without its packages' own __init__: they import gym and built extensions, for which this has no use."""
    if "learn2learn.algorithms.maml" not in sys.modules:
        found = find_spec("learn2learn")
        if found is None or found.origin is None:
            raise ImportError("No module named 'learn2learn'")
        for name, folder in (("learn2learn", ""), ("learn2learn.algorithms", "algorithms")):
            package = ModuleType(name)
            package.__path__ = [str(Path(found.origin).parent / folder)]
            sys.modules[name] = package
    return import_module("learn2learn.algorithms.maml").MAML


def importable() -> dict[str, Other]:
    """Those of the others that can be imported; stderr says which cannot."""
    found = {}
    for name, other in OTHERS.items():
        try:
            other(nn.Linear(1, 1), [], 0)
            found[name] = other
        except ImportError as error:
            print(
                f"left out: {name} ({error}); to install it: {HOW_TO_INSTALL[name]}",
                file=sys.stderr,
            )
    return found


def difference(found: list[Tensor], expected: list[Tensor]) -> float:
    """The largest of any parameter, of its largest gradient."""
    apart = [
        (one - other).abs().max() / other.abs().max()
        for one, other in zip(found, expected, strict=True)
    ]
    return float(torch.stack(apart).max())  # nan where one is


def disagreement(other: Other, users: int, steps: int) -> float:
    """How far its gradients are from the engine's in float64."""
    case = case_of(users, steps, torch.float64)
    return difference(other(perceptron_of(case), tasks_of(case), steps)(), engine(case)())


def measure(
    others: dict[str, Other], users: int, steps: int, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Disagreement with the engine of each of the others, and CPU seconds of those that agree, and of the engine."""
    apart = {name: disagreement(other, users, steps) for name, other in others.items()}
    kernels: dict[str, KernelName | None] = {
        "engine": None,
        "engine, without the hand-derived kernel": "autograd",
    }
    case = case_of(users, steps, torch.float32)
    works = {
        name: engine(case_of(users, steps, torch.float32, kernel))
        for name, kernel in kernels.items()
    }
    for name, other in others.items():
        if apart[name] <= AGREE:
            works[name] = other(perceptron_of(case), tasks_of(case), steps)
    return apart, fastest(works, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--users", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    one_thread()
    others = importable()
    print(
        "| inner steps | by | gradients apart, float64 | ms a user | ratio to the engine |\n|---|---|---|---|---|"
    )
    for steps in (1, 5):
        apart, seconds = measure(others, arguments.users, steps, arguments.rounds)
        for name, found in seconds.items():
            distance = f"{apart[name]:.0e}" if name in apart else ""
            ms, ratio = 1000 * found / arguments.users, found / seconds["engine"]
            print(f"| {steps} | {name} | {distance} | {ms:.3f} | {ratio:.1f} |")
        for name in apart.keys() - seconds.keys():
            print(f"| {steps} | {name} | {apart[name]:.0e} | not timed: gradients differ | |")


if __name__ == "__main__":
    main()
