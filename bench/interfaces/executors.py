"""Executors: where steps run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

from bench.interfaces.plugin import Plugin

__all__ = ["Executor", "StepEvent"]


class StepEvent(NamedTuple):
    """What becomes of a step, by its id. `detail` of progress is a line for people; of ended it is the outcome as JSON, as
    the worker gave it (bench.worker.perform) or, where the worker gave none, made by bench.job.outcome."""

    step: str
    kind: Literal["started", "progress", "ended"]
    detail: str


class Executor(Plugin):
    """Runs steps somewhere. JSON crosses, never an object; a worker calls bench.worker.perform with what was submitted.
    `keeps_limits`: whether it ends a step that is over the limits that its JSON has. `processes`: where it can say, the
    process on this machine that each running step has to itself, by the step's id; what they have in memory is shown."""

    keeps_limits: ClassVar[bool] = False
    processes: Mapping[str, int] = MappingProxyType({})

    def __init__(self, params: Any, workers: int = 1) -> None:
        """`workers`: how many steps may run at a time."""
        super().__init__(params)
        self.workers = workers

    @abstractmethod
    def submit(self, step: str) -> None:
        """Take a step (bench.job.steps, as JSON) whose needs are met; it may start at once or later."""

    @abstractmethod
    def events(self) -> Iterator[StepEvent]:
        """As they happen, until nothing is running or waiting. Every step submitted ends exactly once. Steps may be submitted
        while this is iterated over."""

    @abstractmethod
    def close(self, *, kill: bool = False) -> None:
        """Nothing more will be asked; what still runs is waited for, or with `kill` ended at once."""
