"""Executors: where steps run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

from bench.interfaces.plugin import Plugin

__all__ = ["Executor", "StepEvent", "unheard"]


def unheard(text: str) -> None:
    """Where nobody listens."""


class StepEvent(NamedTuple):
    """What becomes of a step, by its id. `detail` of progress is a line for people; of ended it is the outcome as JSON, as
    the worker gave it (bench.worker.perform) or, where the worker gave none, made by bench.job.outcome; of gone it is why
    nobody can say what the step came to: its worker was lost. The harness submits it again, twice at most."""

    step: str
    kind: Literal["started", "progress", "ended", "gone"]
    detail: str


class Executor(Plugin):
    """Runs steps somewhere. JSON crosses, never an object; a worker calls bench.worker.perform with what was submitted. It is
    made when a run has a first step for it, and always closed.

    `keeps_limits`: whether it ends a step that is over the limits that its JSON has. `counts_workers`: whether it knows
    how many steps may run at a time where nobody says so. `processes`: where it can say, the process on this machine that
    each running step has to itself, by the step's id; what they have in memory is shown. `say`: tells people a line, what
    it waits for say; the harness puts its own there once it is made.

    Raises bench.errors.ExecutorError out of any of its methods where what it stands on is not there, or lost."""

    keeps_limits: ClassVar[bool] = False
    counts_workers: ClassVar[bool] = False
    processes: Mapping[str, int] = MappingProxyType({})

    def __init__(self, params: Any, workers: int = 1) -> None:
        """`workers`: how many steps may run at a time; 0, where it counts them: as many as it has, which it then puts there
        and may change as that changes."""
        super().__init__(params)
        self.workers = workers
        self.say: Callable[[str], object] = unheard

    def check(self) -> str:
        """Whether steps could run there now: what there is, in a line. For `bench doctor`, which closes it afterwards."""
        return "runs steps on this machine"

    @abstractmethod
    def submit(self, step: str) -> None:
        """Take a step (bench.job.steps, as JSON) whose needs are met; it may start at once or later."""

    @abstractmethod
    def events(self) -> Iterator[StepEvent]:
        """As they happen, until nothing is running or waiting. Of every step submitted: started, progress, and then ended or
        gone, once. Steps may be submitted while this is iterated over."""

    @abstractmethod
    def close(self, *, kill: bool = False) -> None:
        """Nothing more will be asked; what still runs is waited for, or with `kill` ended at once."""
