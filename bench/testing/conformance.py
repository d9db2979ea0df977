"""The suite of tests for whoever writes an executor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

import psutil

from bench.errors import ExecutorError
from bench.interfaces import Executor
from bench.job.steps import to_text
from bench.processes.system import descendants
from bench.testing import executor_checks, shared_checks
from bench.testing.driven import Driven, beside
from bench.testing.executor_steps import TestSteps, wait_until
from bench.testing.executor_subject import (
    ExecutorSubject,
    below_here,
    needs_processes,
    of_the_harness,
    wait_for_ends,
)
from bench.testing.kit import target_of
from bench.testing.verdicts import Failed, NotApplicable

__all__ = ["ExecutorConformance"]

_TO_TELL_S = 180.0  # that a scheduler is lost


class ExecutorConformance:
    """Derive a class of pytest's from it, and name the executor:

        class TestMine(ExecutorConformance):
            executor = Mine
            params = {"queue": "short"}

    All has to run on this machine, so that its processes can be found and killed. `worker` and `scheduler` say which: a
    fixture of the subclass may start them. What does not apply is skipped, with the reason."""

    executor: ClassVar[type[Executor]]
    params: Mapping[str, Any] = {}
    worker_caches: Sequence[Path] = ()  # where workers have caches of their own

    def worker(self, above: Sequence[psutil.Process]) -> psutil.Process:
        """Of a step's process and those above it, the nearest first and none that this process is below of, the engine's
        worker: the nearest that the harness did not start, or the topmost."""
        harness = of_the_harness([*above])
        return next((one for one in above if one.pid not in harness), above[-1])

    def scheduler(self) -> int:
        """The process without which no worker is reached; SkipTest where there is none beside this process."""
        raise SkipTest("it has no scheduler that could be lost alone")

    def start_again(self) -> None:
        """Have a scheduler and workers again, after the scheduler was killed."""

    # -- without losses

    def test_each_step_ends_once(self, tmp_path: Path) -> None:
        self._check(executor_checks.each_ends_once, tmp_path)

    def test_failures_are_told(self, tmp_path: Path) -> None:
        self._check(executor_checks.failures, tmp_path)

    def test_the_process_of_a_step_may_end(self, tmp_path: Path) -> None:
        self._check(executor_checks.ends_of_processes, tmp_path)

    def test_a_step_may_be_handed_over_twice(self, tmp_path: Path) -> None:
        self._check(executor_checks.handed_over_twice, tmp_path)

    def test_limits_are_kept(self, tmp_path: Path) -> None:
        self._check(executor_checks.limits, tmp_path)

    def test_closing_waits(self, tmp_path: Path) -> None:
        self._check(executor_checks.closing_waits, tmp_path)

    def test_closing_with_kill_ends_what_runs(self, tmp_path: Path) -> None:
        self._check(executor_checks.closing_kills, tmp_path)

    def test_nothing_is_left_running(self, tmp_path: Path) -> None:
        self._check(shared_checks.nothing_left, tmp_path)

    # -- with losses

    def test_a_worker_is_killed_in_a_step(self, tmp_path: Path) -> None:
        """Its step is begun again, and the other one ends too."""
        self._check(self._worker_killed, tmp_path)

    def test_a_worker_is_killed_when_its_result_is_there(self, tmp_path: Path) -> None:
        """And was not told: the step is done once."""
        self._check(self._worker_killed_late, tmp_path)

    def test_the_scheduler_is_killed(self, tmp_path: Path) -> None:
        """ExecutorError, and a new executor does what is left."""
        self._check(self._scheduler_killed, tmp_path)

    def test_the_client_is_killed_and_run_again(self, tmp_path: Path) -> None:
        """What it began ends, and the next one does what is left."""
        self._check(self._client_killed, tmp_path)

    def _check(self, check: Callable[[ExecutorSubject], object], folder: Path) -> None:
        __tracebackhide__ = True
        subject = ExecutorSubject(self.executor, self.executor.Params(**self.params), folder)
        try:
            check(subject)
            wait_for_ends(below_here())
        except NotApplicable as reason:
            raise SkipTest(str(reason)) from None
        except Failed as failure:
            raise AssertionError(f"{failure.reason}; {failure.fix}") from failure

    def _worker_killed(self, subject: ExecutorSubject) -> None:
        steps = subject.steps()
        with subject.driven() as driven:
            needs_processes(driven, steps)
            with beside(self._kill_worker, steps, "long"):
                driven.run([steps.step("long", "wait"), *map(steps.step, "abc")])
        _all_done(steps, driven)

    def _kill_worker(self, steps: TestSteps, name: str) -> None:
        try:
            self._worker_of(steps.wait_for_begun(name)).kill()
            steps.wait_for_begun(name, 2)
        finally:
            steps.let_go(name)

    def _worker_killed_late(self, subject: ExecutorSubject) -> None:
        steps = subject.steps()
        with subject.driven() as driven:
            needs_processes(driven, steps)
            with beside(self._kill_worker_late, steps, "late"):
                driven.run([steps.step("late", "wait"), *map(steps.step, "abc")])
        _all_done(steps, driven)

    def _kill_worker_late(self, steps: TestSteps, name: str) -> None:
        """Stopped, it can't tell what its step came to."""
        step = steps.wait_for_begun(name)
        worker = self._worker_of(step)
        worker.suspend()
        steps.let_go(name)
        wait_until(lambda: self._has_result(steps, name), "no result of a step is there")
        worker.kill()

    def _has_result(self, steps: TestSteps, name: str) -> bool:
        places = (steps.cache, *self.worker_caches)
        return any((place / "steps" / steps.folder(name).name).exists() for place in places)

    def _scheduler_killed(self, subject: ExecutorSubject) -> None:
        steps, scheduler = subject.steps(), self.scheduler()
        running: list[int] = []
        try:
            with subject.driven() as driven, beside(self._kill, scheduler, steps, running):
                driven.run([steps.step("done"), steps.step("long", "wait")])
        except ExecutorError:
            pass
        else:
            raise Failed("the scheduler was killed, and nothing raised", "raise ExecutorError")
        wait_for_ends(running)
        self.start_again()
        steps.let_go("long")
        with subject.driven() as driven:
            driven.run([steps.step("done"), steps.step("long", "wait")])
        _all_done(steps, driven)

    def _kill(self, scheduler: int, steps: TestSteps, running: list[int]) -> None:
        wait_until(lambda: steps.is_done("done"), "a step has no result")
        running += [steps.wait_for_begun("long"), *self._serving(steps, "long")]
        os.kill(scheduler, signal.SIGKILL)

    def _client_killed(self, subject: ExecutorSubject) -> None:
        steps = subject.steps()
        todo = [*map(steps.step, "ab"), steps.step("long", "wait")]
        client = self._client(subject, todo)
        wait_until(lambda: steps.is_done("a") and steps.is_done("b"), "steps have no result")
        step = steps.wait_for_begun("long")
        if step == client.pid:
            client.kill()
            raise NotApplicable("steps run in the harness's own process")
        running = [
            *(one.pid for one in descendants(client.pid)),
            step,
            *self._serving(steps, "long"),
        ]
        client.kill()
        client.communicate()
        wait_for_ends(running)
        steps.let_go("long")
        again = self._client(subject, todo)
        said, _ = again.communicate(timeout=_TO_TELL_S)
        assert again.returncode == 0
        ended = dict(map(json.loads, said.splitlines()))
        assert ended == {"a": "ok", "b": "ok", "long": "ok"}
        assert [len(steps.begun(name)) for name in ("a", "b", "long")] == [1, 1, 2]

    def _client(self, subject: ExecutorSubject, steps: Sequence[Any]) -> subprocess.Popen[str]:
        target = target_of("executors", subject.plugin, subject.params)
        if target is None:
            raise NotApplicable("another process can't import the class by its name")
        told = target._asdict() | {"workers": 2, "steps": [to_text(step) for step in steps]}
        client = subprocess.Popen(
            [sys.executable, "-m", "bench.testing.executor_client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert client.stdin is not None
        client.stdin.write(json.dumps(told) + "\n")
        client.stdin.flush()
        return client

    def _worker_of(self, step: int) -> psutil.Process:
        return self.worker(_above(step))

    def _serving(self, steps: TestSteps, name: str) -> list[int]:
        """Processes above a step's own that are there for it."""
        return of_the_harness(_above(steps.begun(name)[-1]))


def _above(step: int) -> list[psutil.Process]:
    """A step's process and those above it, up to this one and none that this one is below of."""
    process = psutil.Process(step)
    ours = {os.getpid(), *(one.pid for one in psutil.Process().parents())}
    return [one for one in (process, *process.parents()) if one.pid not in ours]


def _all_done(steps: TestSteps, driven: Driven) -> None:
    """After one loss, which may have taken along what ran beside."""
    for name, outcome in driven.ended.items():
        if not (outcome.ok and steps.is_done(name)):
            raise Failed(
                f"step {name} came to {outcome.label}: {outcome.reason}", "nothing is lost"
            )
        times = len(steps.begun(name))
        if times > 2:
            raise Failed(f"step {name} was begun {times} times", "begin again what was lost, alone")
