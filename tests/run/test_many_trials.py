"""A thousand short trials: the process that has them run holds no more after the last than after the first hundred."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.run.conftest import Counting

FAULTY = Path(__file__).parent.parent / "fixtures" / "faulty_plugin.py"
SEEDS = 250  # of two models and two bounds
MOST_GROWTH = (
    4 * 2**20
)  # bytes; 0.1 MiB when this was written, and what each trial leaves is there 900 times


class Held(Counting):
    """After each record: open files, threads, child processes, and memory in bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.process = psutil.Process()
        self.held: list[tuple[int, int, int, int]] = []

    def recorded(self, trial, status):
        children = self.process.children()
        self.held.append(
            (
                self.process.num_fds(),
                self.process.num_threads(),
                len(children),
                self.process.memory_info().rss + sum(map(_memory, children)),
            )
        )


def _memory(child: psutil.Process) -> int:
    return child.memory_info().rss if child.is_running() else 0


@pytest.mark.fault(34)
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_trials_leave_nothing_behind(go, write_suite):
    models = "  one: {use: faulty}\n  two: {use: faulty, fault: noise}"
    file = write_suite(models=models, methods=" {}", protocol="base_predictions: in-sample")
    watcher = Held()
    go(file, executor="local", plugins=(FAULTY,), seeds=tuple(range(SEEDS)), watcher=watcher)
    *early, early_memory = watcher.held[99]
    *late, late_memory = watcher.held[-1]
    assert len(watcher.held) == 1000
    assert late == early
    assert late_memory < early_memory + MOST_GROWTH
