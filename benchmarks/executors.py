"""What an executor adds to a step: `python -m benchmarks.executors [dask ray]`, beside `local`, two steps at a time.

Short steps: wall seconds each, when step servers run already; `local` is asked before and after each of the others, and the
ratio is to the mean of the two. Naps: so many steps of one second each, against the ideal of two at a time."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.interfaces import Executor
from bench.registry import load_registry
from bench.testing.driven import Driven
from bench.testing.executor_steps import TestSteps

WORKERS, WARM, SHORT, NAPS = 2, 6, 60, 200


def main() -> None:
    names = sys.argv[1:] or ["dask", "ray"]
    print("| executor | wall s a short step | local beside it | ratio |")
    print("|---|---:|---:|---:|")
    for name in names:
        before, taken, after = (_each(one) for one in ("local", name, "local"))
        local = (before + after) / 2
        print(
            f"| {name} | {taken:.3f} | {before:.3f}, {after:.3f} | {taken / local:.2f} |",
            flush=True,
        )
    print(f"\n| executor | {NAPS} steps of one second, wall s | over the ideal |")
    print("|---|---:|---:|")
    for name in ("local", *names):
        taken, ideal = _naps(name), NAPS / WORKERS
        print(f"| {name} | {taken:.1f} | {taken / ideal - 1:.1%} |", flush=True)


def _each(name: str) -> float:
    return _timed(name, "fit", SHORT) / SHORT


def _naps(name: str) -> float:
    return _timed(name, "nap", NAPS)


def _timed(name: str, does: str, count: int) -> float:
    """Wall seconds of so many steps, after a few that are not counted."""
    executor = _made(name)
    with tempfile.TemporaryDirectory() as folder:
        steps = TestSteps(Path(folder))
        Driven(executor).run([steps.step(f"warm-{number}") for number in range(WARM)])
        todo = [steps.step(f"step-{number}", does) for number in range(count)]
        began = time.monotonic()
        ended = Driven(executor).run(todo)
        taken = time.monotonic() - began
        executor.close()
    assert all(outcome.ok for outcome in ended.values())
    return taken


def _made(name: str) -> Executor:
    plugin: type[Executor] = load_registry().load("executors", name)
    return plugin(plugin.Params(), WORKERS)


if __name__ == "__main__":
    main()
