"""How much each selection method loses for not knowing which base model suits a user, by how much of the user it has seen.

    python -m benchmarks.selection_regret

The pool is the planted experts of dataset `synthetic`, so that the right answer is known (see docs/selection-regret.md, which
this writes, with its figure). Methods are fitted once a draw of the data, through the interfaces that suites use."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.evaluate import check_logits, check_weights, mixture_logits
from bench.interfaces import Context, Selection, Tasks
from bench.learn import DifferentiableSelector, Gating, MetaLearned
from bench.registry import Registry, load_registry
from bench.settings import MetaTrainSettings, TrainSettings
from bench_data.synthetic import PlantedParams
from benchmarks.one_thread import one_thread
from benchmarks.planted_tasks import World, make_world
from benchmarks.regret import QUERY_ROWS, SUPPORT_ROWS, Regret
from benchmarks.regret_document import write_document
from benchmarks.regret_figure import write_figure

__all__ = ["METHODS", "Method", "available", "measure", "measure_method"]

PARAMS = PlantedParams(users=800, items=200)


class Method(NamedTuple):
    selector: str
    meta_learner: str = ""
    params: Mapping[str, Any] = {}  # of the meta-learner


METHODS = {
    **{
        name: Method(name)
        for name in (
            "random",
            "average",
            "simplex",
            "greedy",
            "stacking",
            "fwls",
            "user-calibration",
        )
    },
    "gating": Method("mlp"),
    **{name: Method(name) for name in ("user-best", "user-bayes", "user-cluster", "context-gate")},
    "metaselector-simplified": Method("mlp", "meta-sgd", {"inner_steps": 3}),
}


def available(registry: Registry, say: Callable[[str], None]) -> dict[str, Method]:
    """The methods whose plugins are installed; the others are named."""
    there = {
        "selectors": registry.names("selectors"),
        "meta_learners": registry.names("meta_learners"),
    }
    found = {
        name: method
        for name, method in METHODS.items()
        if method.selector in there["selectors"]
        and method.meta_learner in ("", *there["meta_learners"])
    }
    for name in METHODS.keys() - found.keys():
        say(f"left out: {name}, of which no plugin is installed")
    return found


def measure(
    params: PlantedParams,
    draws: int,
    methods: Mapping[str, Method],
    registry: Registry,
    say: Callable[[str], None],
) -> Regret:
    """Regret on `draws` draws of the data, by seeds `params.seed` and on."""
    regrets: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    planted, optimum = [], []
    for draw in range(draws):
        with tempfile.TemporaryDirectory() as folder:
            drawn = params.model_copy(update={"seed": params.seed + draw})
            world = make_world(
                drawn, Path(folder), most_support=max(SUPPORT_ROWS), query_rows=QUERY_ROWS
            )
            optimum.append(world.optimum(world.test))
            planted.append(world.planted_expert(world.test) - optimum[-1])
            for number, (name, method) in enumerate(methods.items(), start=1):
                say(f"draw {draw + 1}/{draws}: {name} ({number}/{len(methods)})")
                regrets[name].append(measure_method(method, world, registry, draw, Path(folder)))
    stacked = {name: np.stack(regret) for name, regret in regrets.items()}
    return Regret(SUPPORT_ROWS, stacked, np.stack(planted), np.stack(optimum))


def measure_method(
    method: Method, world: World, registry: Registry, seed: int, scratch: Path
) -> np.ndarray:
    """(S, U) regret of test users by length of support, of a method fitted once.

    Training and validation users have supports of all the lengths, by lot, so that a method that learns how far to trust a
    support has seen short ones."""
    rng = np.random.default_rng(seed)
    train, valid = (
        world.tasks(users, rng.choice(SUPPORT_ROWS, size=len(users)))
        for users in (world.train, world.valid)
    )
    selector = _make(method, registry)
    selector.fit(train, valid, Context(seed, 1, "cpu", scratch))
    best = world.planted_expert(world.test)
    regrets = []
    for rows in SUPPORT_ROWS:
        tasks = world.tasks(world.test, np.full(len(world.test), rows), for_prediction=True)
        regrets.append(world.losses(world.test, _logits(selector.predict(tasks), tasks)) - best)
    return np.stack(regrets)


def _make(method: Method, registry: Registry) -> Any:
    """As a suite's select step does, with default parameters."""
    cls = registry.load("selectors", method.selector)
    plugin = cls(cls.Params())
    if not isinstance(plugin, DifferentiableSelector):
        return plugin
    if not method.meta_learner:
        return Gating(plugin, TrainSettings())
    rule = registry.load("meta_learners", method.meta_learner)
    return MetaLearned(
        rule, rule.Params(**method.params), plugin, TrainSettings(), MetaTrainSettings()
    )


def _logits(selection: Selection, tasks: Tasks) -> np.ndarray:
    if selection.logits is not None:
        check_logits(selection.logits, len(tasks.query))
        return selection.logits
    weights = check_weights(selection.weights, len(tasks.query), len(tasks.models))
    return mixture_logits(weights, tasks.query_base_logits)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.selection_regret", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--draws", type=int, default=3, help="draws of the data, by seeds 0 and on (default: 3)"
    )
    parser.add_argument(
        "--users", type=int, default=PARAMS.users, help=f"of a draw (default: {PARAMS.users})"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("docs"), help="folder of the table and the figure (docs)"
    )
    given = parser.parse_args(arguments)
    one_thread()
    params, registry = PARAMS.model_copy(update={"users": given.users}), load_registry()
    regret = measure(params, given.draws, available(registry, _say), registry, _say)
    write_figure(regret, given.out / "selection-regret.svg")
    print(write_document(regret, params, given.out / "selection-regret.md"))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
