"""The bootstrap of a report at full size: CPU seconds of this code and, in turns, of another checkout's; and whether both draw
the same.

    python -m benchmarks.bootstrap --beside CHECKOUT
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from bench.evaluate import Slice, resample

ROOT = Path(__file__).parents[1]
CASE = {"rows": 1_000_000, "users": 6_040, "methods": 20, "resamples": 2_000}
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


@click.command()
@click.option("--beside", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=1, show_default=True)
@click.option("--methods", default=CASE["methods"], show_default=True)
@click.option("--measure", "out", type=Path, hidden=True, help="Measure the code on the path.")
def main(beside: Path | None, rounds: int, methods: int, out: Path | None) -> None:
    """Print CPU seconds, and the ratio to those of another checkout."""
    case = {**CASE, "methods": methods}
    if out is not None:
        print(json.dumps(_measured(case, out)))
        return
    trees = [ROOT] if beside is None else [beside.resolve(), ROOT]
    print(", ".join(f"{count:,} {what}" for what, count in case.items()))
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.npy" for number in range(len(trees))]
        for _ in range(rounds):
            seconds = [
                _in_tree(tree, file, methods) for tree, file in zip(trees, files, strict=True)
            ]
            print(*(f"{one:.2f} s" for one in seconds), end="")
            print(f", {seconds[0] / seconds[-1]:.1f} times as fast" if beside else "")
        if beside:
            apart = np.abs(np.subtract(*map(np.load, files))).max(axis=(1, 2))
            print("draws apart, at most: log loss {:.1e}, AUC {:.1e}".format(*apart))


def _in_tree(tree: Path, out: Path, methods: int) -> float:
    """By this script, with the code of `tree`, in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(out), "--methods", str(methods)]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(tree)}
    said = subprocess.run(
        command, check=True, cwd=tree, env=environment, capture_output=True, text=True
    )
    return float(json.loads(said.stdout))


def _measured(case: dict[str, int], out: Path) -> float:
    """CPU seconds, after one resample of one method: what is compiled is compiled by then, and imported."""
    one = _made(case["rows"], case["users"], case["methods"])
    names = [str(method) for method in range(case["methods"])]
    first = Slice(one.rows, one.logits[:1])
    resample([first], names[:1], resamples=1)
    start = time.process_time()
    found = resample([one], names, resamples=case["resamples"])
    seconds = time.process_time() - start
    np.save(out, np.stack([found.draws["logloss"], found.draws["auc"]]))
    return seconds


def _made(rows: int, users: int, methods: int) -> Slice:
    """Users of unequal rows; methods that are the truth with noise."""
    rng = np.random.default_rng(0)
    share = rng.gamma(0.8, 1, users)
    of_row = np.sort(rng.choice(users, rows, p=share / share.sum()))
    truth = rng.normal(0, 1.2, rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    noisy = [(truth + rng.normal(0, 0.6, rows)).astype(np.float32) for _ in range(methods)]
    return Slice.of_labels(y, of_row, np.stack(noisy))


if __name__ == "__main__":
    main()
