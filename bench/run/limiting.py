"""Limits that a command line or a caller sets, and executors that keep none."""

from __future__ import annotations

from bench.errors import BenchError
from bench.interfaces import Executor
from bench.job.limits import parse_memory, parse_time
from bench.run.planning.trials import Plan
from bench.run.progress import Watcher
from bench.suite import Suite

__all__ = ["limited", "warn_of_limits"]


def limited(suite: Suite, time_limit: str | None, memory_limit: str | None) -> Suite:
    """The suite with these limits for every step. Raises BenchError where one is none."""
    given = (
        ("--time-limit", parse_time, time_limit),
        ("--memory-limit", parse_memory, memory_limit),
    )
    for option, parse, text in given:
        try:
            _ = text is None or parse(text)
        except ValueError as error:
            raise BenchError(f"{option}: {error}") from error
    return suite.limited(time_limit, memory_limit)


def warn_of_limits(executor: type[Executor], plan: Plan, watcher: Watcher) -> None:
    """Say so where steps have limits and nobody holds them to these."""
    if not executor.keeps_limits and any(any(step.limits) for step in plan.steps.values()):
        watcher.say(
            f"warning: executor {executor.name!r} holds no step to its limits of time and memory; --executor local does"
        )
