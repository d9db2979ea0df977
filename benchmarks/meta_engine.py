"""Meta-training's outer step, second order: the engine beside the plain loop over users that is the tests' oracle, and what
a user costs as tables grow.

    python -m benchmarks.meta_engine [--quick] [--threads 2]

One thread, float32, CPU time, but for the step on several threads, which is wall time; each figure is the least of several
rounds, each ratio is of one process. Prints Markdown."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.data import Interactions
from bench.learn import Encoded, Learnable, Network, TaskData, build_model, build_selector
from bench.learn.adaptation.meta_training import outer_gradients, outer_parameters
from bench.learn.adaptation.outer import BestSoFar, OuterOptimiser
from bench.learn.adaptation.windows import whole
from bench.learn.network.encoder import layout_of
from bench.settings import MetaTrainSettings
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from bench_metaselector.maml import MAML
from bench_metaselector.meta_sgd import MetaSGD
from benchmarks.one_thread import one_thread
from tests.learn import oracle

MODELS = ("lr", "fm", "deepfm")
SMALL_FIELDS = {"gender": 3, "age": 8, "occupation": 22, "genre": 20}


class Case(NamedTuple):
    """Tasks and what learns from them."""

    interactions: Interactions
    networks: dict[str, Network]
    learnable: Learnable
    tasks: TaskData
    rule: MAML | MetaSGD


def make_case(
    table_rows: int,
    users: int,
    *,
    full: bool,
    steps: int = 1,
    models: int = 3,
    rows: tuple[int, int] = (4, 80),
    seed: int = 0,
) -> Case:
    """Users of 4 to 80 `rows`, four fifths of them support; ids are nine tenths items, one tenth users, of `table_rows`."""
    small = sum(SMALL_FIELDS.values())
    sizes = {
        "user_id": (table_rows - small) // 10,
        "item_id": table_rows - small - (table_rows - small) // 10,
    }
    interactions = described(sizes | SMALL_FIELDS)
    generator = np.random.default_rng(seed)
    lengths = generator.integers(rows[0], rows[1] + 1, users)
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(users), lengths)
    columns = [interactions.offsets["user_id"] + 1 + owner % (sizes["user_id"] - 1)]
    columns.append(
        interactions.offsets["item_id"] + generator.integers(1, sizes["item_id"], len(owner))
    )
    for field, size in SMALL_FIELDS.items():
        values = generator.integers(1, size, len(owner) if field == "genre" else users)
        columns.append(
            interactions.offsets[field] + (values if field == "genre" else values[owner])
        )
    encoded = Encoded(
        torch.from_numpy(np.stack(columns, axis=1).astype(np.int32)), torch.empty(len(owner), 0)
    )
    tasks = TaskData(
        layout_of(interactions),
        {"selector": encoded} | ({"pool": encoded} if full else {}),
        torch.from_numpy(generator.integers(0, 2, len(owner)).astype(np.float32)),
        None
        if full
        else torch.from_numpy(generator.normal(size=(len(owner), models)).astype(np.float32)),
        ptr,
        ptr[:-1] + np.rint(lengths * 0.8).astype(np.int64),
    )
    names = MODELS if full else tuple(f"model-{number}" for number in range(models))
    # the selector alone: 6 fields of width 10 and 4 base logits make 64 inputs
    params = MLP.Params() if full else MLP.Params(embedding_dim=10, hidden=(200,))
    networks = {"selector": build_selector(MLP(params), interactions, names, seed=1)}
    if full:
        plugins = (LR(LR.Params()), FM(FM.Params()), DeepFM(DeepFM.Params()))
        networks |= {
            name: build_model(plugin, interactions, 2)
            for name, plugin in zip(MODELS, plugins, strict=True)
        }
    perturb(networks)
    pool = {name: network for name, network in networks.items() if name != "selector"}
    rule = MetaSGD(MetaSGD.Params(inner_steps=steps, support_scale=0, step_factors=False))
    return Case(
        interactions,
        networks,
        Learnable(interactions, networks["selector"], pool or None),
        tasks,
        rule,
    )


def described(sizes: dict[str, int]) -> Interactions:
    """Categorical fields of the given sizes, without any rows of their own."""
    sides = {"user_id": "user", "item_id": "item", "genre": "item"}
    fields = [
        {"name": name, "kind": "categorical", "side": sides.get(name, "user")} for name in sizes
    ]
    return Interactions(Path(), {"fields": fields, "sizes": sizes, "user_field": "user_id"})


@torch.no_grad()
def perturb(networks: dict[str, Network]) -> None:
    """Away from where gradients vanish (the selector's last layer starts at zero)."""
    generator = torch.Generator().manual_seed(0)
    for network in networks.values():
        for name, leaf in network.leaves().items():
            if network.group(name) != "table":
                leaf += 0.05 * torch.randn(leaf.shape, generator=generator)


def engine_step(case: Case, threads: int = 1) -> Callable[[], dict[str, Tensor]]:
    """Gradients of every outer parameter over all users."""
    outer = outer_parameters(case.rule, case.learnable)
    return lambda: outer_gradients(
        case.rule, case.learnable, outer, case.tasks, whole(case.tasks), threads
    )


def plain_step(case: Case) -> Callable[[], list[Tensor]]:
    """The same by the oracle."""
    leaves = {
        f"{name}/{leaf}": value
        for name, network in case.networks.items()
        for leaf, value in network.leaves().items()
    }
    rates = {
        name: rate.requires_grad_()
        for name, rate in case.learnable.rates(case.rule.params.rates.model_dump()).items()
    }
    fields = oracle.field_of_entry(case.interactions)

    def step() -> list[Tensor]:
        loss = oracle.outer_loss(
            case.networks,
            leaves,
            rates,
            case.tasks,
            steps=case.rule.params.inner_steps,
            second_order=True,
            field_of_entry=fields,
        )
        return list(
            torch.autograd.grad(loss, [*leaves.values(), *rates.values()], allow_unused=True)
        )

    return step


def fastest(
    works: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Seconds of the fastest round of each, by default of CPU time; they take turns, after a round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            start = clock()
            work()
            times[name].append(clock() - start)
    return {name: min(found[1:]) for name, found in times.items()}


class Threads(NamedTuple):
    """Wall seconds of an outer step's gradients on one thread and on several, and whether they are equal to the last bit."""

    one: float
    several: float
    equal: bool


def beside_one_thread(case: Case, threads: int, rounds: int) -> Threads:
    on_one, on_several = engine_step(case), engine_step(case, threads)
    one, several = on_one(), on_several()
    equal = one.keys() == several.keys() and all(
        torch.equal(value.to_dense(), several[name].to_dense()) for name, value in one.items()
    )
    seconds = fastest({"one": on_one, "several": on_several}, rounds, time.perf_counter)
    return Threads(**seconds, equal=equal)


def full_step(table_rows: int) -> dict[str, float]:
    """CPU ms a user of a whole outer step (gradients, optimiser, the best kept), and memory, in this process: after imports
    and at its peak."""
    users, imports = 256, peak_memory()
    case = make_case(table_rows, users, full=True)
    outer = outer_parameters(case.rule, case.learnable)
    gradients = engine_step(case)
    optimiser = OuterOptimiser(outer, case.learnable, MetaTrainSettings())
    best = BestSoFar(outer, case.learnable)

    def step() -> None:
        found = gradients()
        best.before_step(found)
        optimiser.step(found)

    seconds = fastest({"step": step}, 7)["step"]
    tables = sum(
        outer[name].numel() * outer[name].element_size() for name in case.learnable.tables()
    )
    memory = {"imports": imports / 1e6, "tables": tables / 1e6, "peak": peak_memory() / 1e6}
    return {"ms": 1000 * seconds / users, **memory}


def limit(tables: float) -> float:
    """MB that the program should stay within: a table with its two moments, and what does not grow with tables."""
    return 3 * tables + 300


def peak_memory() -> int:
    """Bytes of this program alone (getrusage counts what its parent had when it started it)."""
    status = Path("/proc/self/status").read_text("utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def print_threads(threads: int, rounds: int) -> None:
    users = 256
    print(
        f"\n| all parameters, 132 k table rows | 1 thread, wall ms a user | {threads} threads | ratio | equal to the bit |"
    )
    print("|---|---|---|---|---|")
    for steps in (1, 5):
        found = beside_one_thread(
            make_case(132_000, users, full=True, steps=steps), threads, rounds
        )
        one, several = (1000 * seconds / users for seconds in (found.one, found.several))
        equal = "yes" if found.equal else "**no**"
        print(
            f"| {steps} inner step{'s'[: steps != 1]} | {one:.3f} | {several:.3f} | {one / several:.2f} | {equal} |",
            flush=True,
        )


def print_sizes(sizes: list[int], passes: int) -> None:
    """A process each, and again: the machine's pace may change between them."""
    measured = [[in_own_process(rows) for rows in sizes] for _ in range(passes)]
    best = [min(found, key=lambda one: one["ms"]) for found in zip(*measured, strict=True)]
    print(
        "\n| table rows | ms a user | ratio | tables, MB | imports alone, MB | peak memory, MB | limit, MB |"
    )
    print("|---|---|---|---|---|---|---|")
    for rows, found in zip(sizes, best, strict=True):
        memory = [found["tables"], found["imports"], found["peak"], limit(found["tables"])]
        cells = [
            f"{found['ms']:.3f}",
            f"{found['ms'] / best[0]['ms']:.2f}",
            *(f"{size:,.0f}" for size in memory),
        ]
        print(f"| {rows:,} | {' | '.join(cells)} |")


def in_own_process(table_rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.meta_engine", "--table-rows", str(table_rows)]
    found: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="no table of more than a million rows, fewer rounds"
    )
    parser.add_argument("--threads", type=int, default=2, help="beside one (2)")
    # one size, in a process of its own
    parser.add_argument("--table-rows", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    one_thread()
    if arguments.table_rows:
        print(json.dumps(full_step(arguments.table_rows)))
        return
    rounds = 2 if arguments.quick else 5
    print(
        "| work | users | plain loop, ms a user | engine, ms a user | ratio |\n|---|---|---|---|---|"
    )
    for name, rows, users, full, models in (
        ("selector alone, 64-200-4", 2_000, 256, False, 4),
        ("all parameters, 13 k table rows", 13_000, 64, True, 3),
        ("all parameters, 132 k table rows", 132_000, 64, True, 3),
    ):
        case = make_case(rows, users, full=full, models=models)
        found = fastest({"engine": engine_step(case), "plain": plain_step(case)}, rounds)
        engine, plain = found["engine"], found["plain"]
        print(
            f"| {name} | {users} | {1000 * plain / users:.2f} | {1000 * engine / users:.3f} | {plain / engine:.1f} |"
        )
    if arguments.threads > 1:
        print_threads(arguments.threads, rounds)
    sizes = [10**exponent for exponent in ((4, 5, 6) if arguments.quick else (4, 5, 6, 7))]
    print_sizes(sizes, passes=1 if arguments.quick else 3)


if __name__ == "__main__":
    main()
