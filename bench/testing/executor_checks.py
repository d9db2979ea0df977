"""The checks of an executor that need no hand of its author's. Each returns where it passes, else raises Failed."""

from __future__ import annotations

import time
from contextlib import closing

import numpy as np

from bench.executors.step_server import StepServer
from bench.job.outcome import Outcome
from bench.job.steps import to_text
from bench.processes import Limits
from bench.testing.driven import Driven, beside
from bench.testing.executor_steps import TestSteps
from bench.testing.executor_subject import ExecutorSubject, needs_processes, wait_for_ends
from bench.testing.verdicts import Failed, NotApplicable
from bench.worker.perform import perform

__all__ = [
    "closing_kills",
    "closing_waits",
    "each_ends_once",
    "ends_of_processes",
    "failures",
    "handed_over_twice",
    "limits",
]

_STEPS = 20
_TO_BEGIN_S = 10.0


def each_ends_once(subject: ExecutorSubject) -> str:
    """Twenty steps: each started and ended, once, with the bytes that it comes to in this process."""
    steps, here = subject.steps(), subject.steps()
    names = [f"step-{number}" for number in range(_STEPS)]
    with subject.driven() as driven:
        ended = driven.run(steps.step(name) for name in names)
    for name in names:
        if not ended[name].ok:
            raise Failed(f"a step came to {ended[name].label}: {ended[name].reason}", "see its log")
        if len(steps.begun(name)) != 1:
            raise Failed(f"a step was begun {len(steps.begun(name))} times", "begin each step once")
        perform(to_text(here.step(name)), lambda _: None)
        if not np.array_equal(steps.logits(name), here.logits(name)):
            raise Failed(
                "a step left other logits than in this process", "hand the step over as it is"
            )
    return f"{_STEPS} steps"


def failures(subject: ExecutorSubject) -> None:
    """What a plugin raises is told as it was said, and the next step goes on."""
    steps = subject.steps()
    with subject.driven(1) as driven:
        ended = driven.run([steps.step("bad", "raise"), steps.step("good")])
    _expect(ended["bad"], "error", "of a plugin that raised")
    if "as it was told" not in ended["bad"].reason:
        raise Failed(f"its reason is {ended['bad'].reason!r}", "hand on what perform gave")
    _expect(ended["good"], "ok", "after another had failed")


def ends_of_processes(subject: ExecutorSubject) -> None:
    """A plugin that ends its process ends its step, and no other."""
    steps = subject.steps()
    with subject.driven(1) as driven:
        needs_processes(driven, steps)
        ended = driven.run([steps.step("bad", "exit"), steps.step("good")])
    _expect(ended["bad"], "no_result", "whose process exited with 3")
    _expect(ended["good"], "ok", "after another had ended its process")


def handed_over_twice(subject: ExecutorSubject) -> None:
    """A step that another worker does at the same time, and one whose result is there: done, and nothing is written over."""
    steps = subject.steps()
    step, left = steps.step("twice", "wait"), steps.folder("twice")
    with subject.driven(1) as driven:
        needs_processes(driven, steps)
        with closing(StepServer()) as other, beside(_elsewhere, other, steps, to_text(step)):
            _expect(driven.run([step])["twice"], "ok", "that was done twice at once")
        before = left.stat().st_ino
        again = Driven(driven.executor)
        _expect(again.run([step])["twice"], "ok", "whose result was there")
    if not steps.is_done("twice") or left.stat().st_ino != before:
        raise Failed("a result that was there was written anew", "leave a step's folder to perform")


def _elsewhere(other: StepServer, steps: TestSteps, step: str) -> None:
    """The same step, so that neither ends before both have begun."""
    with beside(_both_at_once, steps):
        other.perform(step, lambda _: None)


def _both_at_once(steps: TestSteps) -> None:
    steps.wait_for_begun("twice", 2)
    steps.let_go("twice")


def limits(subject: ExecutorSubject) -> None:
    """A step over its time limit is ended."""
    if not subject.plugin.keeps_limits:
        raise NotApplicable("it keeps none, and says so")
    steps = subject.steps()
    endless = steps.step("endless", "wait", limits=Limits(time_s=1.0))
    with subject.driven(1) as driven:
        ended = driven.run([endless, steps.step("good")])
    _expect(ended["endless"], "timeout", "over its time limit of a second")
    _expect(ended["good"], "ok", "after one that was over its limit")
    wait_for_ends(steps.begun("endless"))


def closing_waits(subject: ExecutorSubject) -> None:
    steps = subject.steps()
    with subject.driven(1) as driven:
        _begin(driven, steps, "last")
        with beside(_soon, steps, "last"):
            driven.executor.close()
    if not steps.is_done("last"):
        raise Failed(
            "close() did not wait for the step that ran", "wait for it, or end it with kill"
        )


def _soon(steps: TestSteps, name: str) -> None:
    time.sleep(0.5)
    steps.let_go(name)


def closing_kills(subject: ExecutorSubject) -> None:
    steps = subject.steps()
    with subject.driven(1) as driven:
        _begin(driven, steps, "endless")
        driven.executor.close(kill=True)
    wait_for_ends(steps.begun("endless"))
    if steps.is_done("endless"):
        raise Failed("a step that close(kill=True) ended has a result", "end it where it runs")


def _begin(driven: Driven, steps: TestSteps, name: str) -> None:
    """A step that waits; NotApplicable where none goes on while nobody asks for events."""
    needs_processes(driven, steps)
    driven.submit(steps.step(name, "wait"))
    driven.heed(next(driven.executor.events()))
    until = time.monotonic() + _TO_BEGIN_S
    while not steps.begun(name):
        if time.monotonic() > until:
            steps.let_go(name)
            raise NotApplicable("nothing runs between two events")
        time.sleep(0.02)


def _expect(outcome: Outcome, status: str, what: str) -> None:
    if outcome.status != status:
        raise Failed(
            f"a step {what} came to {outcome.label}: {outcome.reason}",
            f"hand on what perform gave, or make the outcome by bench.job.outcome: it is {status}",
        )
