"""Adaptation and prediction when users are served, all in batch and one at a time, beside scoring without adaptation.

    python -m benchmarks.meta_serving [--users 512] [--calls 500]

Users of 4 to 80 support rows and a quarter as many to be scored; reading and encoding rows is left out. One thread, float32,
CPU time; each ratio is of one process. Prints Markdown."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.interfaces import MetaLearner
from bench.learn import Encoded, TaskData
from bench.learn.adaptation.meta_training import outer_parameters
from bench.learn.adaptation.predicting import adapt_and_predict
from bench.learn.network.losses import mixture_logits
from bench.learn.network.training import outputs
from bench_metaselector.fine_tune import FineTune
from bench_metaselector.meta_sgd import MetaSGD
from benchmarks.meta_engine import Case, fastest, make_case
from benchmarks.one_thread import one_thread

ROWS = (5, 100)  # of a user, four fifths of them support
CASES = {"selector alone": (2_000, False, 4), "full: LR, FM, DeepFM, selector": (132_000, True, 3)}
WARM_UP = 20
Serve = Callable[[TaskData], object]


class Served(NamedTuple):
    """CPU seconds."""

    batch: float  # for all users together
    alone: np.ndarray  # (calls,) for a user at a time


def rules(steps: tuple[int, ...] = (0, 1, 3, 5), fine_tuning: int = 30) -> dict[str, MetaLearner]:
    found: dict[str, MetaLearner] = {
        f"meta-sgd, {number} step{'s'[: number != 1]}": MetaSGD(MetaSGD.Params(inner_steps=number))
        for number in steps
    }
    chosen = FineTune.Params(inner_steps=(fine_tuning,), rate_factors=(0.1,), support_scales=(0.0,))
    return found | {f"fine-tune, {fine_tuning} steps": FineTune(chosen)}


def adapting(case: Case, rule: MetaLearner) -> Serve:
    outer = outer_parameters(rule, case.learnable)
    return lambda tasks: adapt_and_predict(rule, case.learnable, outer, tasks)


def scoring(case: Case) -> Serve:
    """The query's rows by the shared parameters, all in one call of each network."""
    selector = case.networks["selector"]
    pool = [network for name, network in case.networks.items() if name != "selector"]

    def score(tasks: TaskData) -> Tensor:
        query = np.concatenate(
            [np.arange(cut, stop) for cut, stop in zip(tasks.cut, tasks.ptr[1:], strict=True)]
        )
        rows = {name: rows_of(found, query) for name, found in tasks.encoded.items()}
        if pool:
            base_logits = torch.stack([outputs(network, rows["pool"]) for network in pool], dim=-1)
        else:
            assert tasks.base_logits is not None
            base_logits = tasks.base_logits[query]
        return mixture_logits(outputs(selector, rows["selector"], base_logits), base_logits)

    return score


def rows_of(encoded: Encoded, rows: slice | np.ndarray) -> Encoded:
    return Encoded(encoded.index[rows], encoded.weights[rows])


def alone(tasks: TaskData) -> list[TaskData]:
    """Each user as tasks of one, of which nothing is known yet."""
    found = []
    for (start, stop), cut in zip(pairwise(tasks.ptr), tasks.cut, strict=True):
        rows = slice(start, stop)
        by_object = {id(encoded): rows_of(encoded, rows) for encoded in tasks.encoded.values()}
        one = replace(
            tasks,
            encoded={name: by_object[id(encoded)] for name, encoded in tasks.encoded.items()},
            labels=tasks.labels[rows],
            base_logits=None if tasks.base_logits is None else tasks.base_logits[rows],
            ptr=np.array([0, stop - start]),
            cut=np.array([cut - start]),
        )
        found.append(one)
    return found


def afresh(serve: Serve, tasks: TaskData) -> object:
    """What was found out about the tasks before, and kept with them, is left behind."""
    return serve(replace(tasks))


def measure(
    serving: dict[str, Serve], tasks: TaskData, calls: int, rounds: int = 3
) -> dict[str, Served]:
    """Takes turns: a call of each for a user, then for the next. Each user is served as if seen for the first time, and so
    are all users together."""
    users = alone(tasks)
    times: dict[str, list[float]] = {name: [] for name in serving}
    for number in range(WARM_UP + calls):
        for name, serve in serving.items():
            start = time.process_time()
            afresh(serve, users[number % len(users)])
            times[name].append(time.process_time() - start)
    together = {name: partial(afresh, serve, tasks) for name, serve in serving.items()}
    batch = fastest(together, rounds)
    return {name: Served(batch[name], np.array(found[WARM_UP:])) for name, found in times.items()}


def table(measured: dict[str, Served], users: int) -> list[str]:
    """A line each; ratios to no adaptation."""
    plain, lines = measured["none"], []
    for name, served in measured.items():
        p50, p99 = 1000 * np.percentile(served.alone, [50, 99])
        together, one = served.batch / plain.batch, np.median(served.alone) / np.median(plain.alone)
        lines.append(
            f"| {name} | {users / served.batch:,.0f} | {together:.1f} | {p50:.2f} | {p99:.2f} | {one:.1f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--users", type=int, default=512)
    parser.add_argument("--calls", type=int, default=500, help="of one user each")
    arguments = parser.parse_args()
    one_thread()
    for name, (rows, full, models) in CASES.items():
        case = make_case(rows, arguments.users, full=full, models=models, rows=ROWS)
        print(f"\n{name[0].upper()}{name[1:]}, {rows:,} table rows, {arguments.users} users:\n")
        print(
            "| adaptation | users a CPU second | time, ratio | one user: p50, ms | p99, ms | p50, ratio |"
        )
        print("|---|---|---|---|---|---|")
        serving = {"none": scoring(case)} | {
            rule_name: adapting(case, rule) for rule_name, rule in rules().items()
        }
        measured = measure(serving, case.tasks, arguments.calls)
        print("\n".join(table(measured, arguments.users)), flush=True)


if __name__ == "__main__":
    main()
