"""An executor under test, and steps for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from bench.interfaces import Executor
from bench.processes import close_idle
from bench.processes.system import descendants
from bench.testing.driven import Driven
from bench.testing.executor_steps import TestSteps, wait_until
from bench.testing.sampled import Arrays, Sampled, joined
from bench.testing.verdicts import NotApplicable

__all__ = [
    "ExecutorSubject",
    "below_here",
    "lives",
    "needs_processes",
    "of_the_harness",
    "wait_for_ends",
]

_WORKERS = 2
_MODULES = ("bench.executors.serve", "bench.processes.server")  # whose processes do steps
_END_S = 120.0  # engines look after their own processes now and then


@dataclass(frozen=True)
class ExecutorSubject(Sampled):
    """An executor class with the settings to test it under."""

    plugin: type[Executor]

    def steps(self) -> TestSteps:
        """In a cache of their own."""
        return TestSteps(Path(tempfile.mkdtemp(dir=self.scratch)))

    @contextmanager
    def driven(self, workers: int = _WORKERS) -> Iterator[Driven]:
        """A new one, closed at the end."""
        executor = self.plugin(self.params, workers)
        try:
            yield Driven(executor)
        except BaseException:
            executor.close(kill=True)
            raise
        executor.close()

    def sample(self) -> np.ndarray:
        steps = self.steps()
        with self.driven() as driven:
            driven.run(steps.step(name) for name in ("a", "b", "c"))
        close_idle()
        return joined([steps.logits(name) for name in sorted(driven.ended)])

    def handed(self) -> Arrays:
        return {}  # text alone

    def exercise(self) -> None:
        self.sample()


def needs_processes(driven: Driven, steps: TestSteps) -> None:
    """NotApplicable where steps run in the harness's own process."""
    driven.run([steps.step("where")])
    if steps.begun("where") == [os.getpid()]:
        raise NotApplicable("steps run in the harness's own process")


def lives(pid: int) -> bool:
    """Whether it still does something: one that has ended and was not waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def of_the_harness(processes: list[psutil.Process]) -> list[int]:
    """Those that do steps, or are asked to."""
    found = []
    for process in processes:
        try:
            if any(module in " ".join(process.cmdline()) for module in _MODULES):
                found.append(process.pid)
        except psutil.Error:  # it has ended
            continue
    return found


def wait_for_ends(pids: list[int]) -> None:
    """Raises Failed where one of these processes goes on; servers that are kept for the next who asks are ended first."""
    close_idle()
    wait_until(
        lambda: not any(map(lives, pids)),
        "processes of steps go on after the end",
        _END_S,
    )


def below_here() -> list[int]:
    """Processes of steps below this one."""
    return of_the_harness(descendants(os.getpid()))
