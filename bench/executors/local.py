"""Steps in processes of their own on this machine, and what becomes of those whose process is lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bench.errors import BenchError
from bench.executors.handed import Handed, handed
from bench.executors.step_ends import TRIES, is_loss, outcome_of
from bench.interfaces import Executor, StepEvent
from bench.processes import Ended, Said, Server, Task, borrow, give_back
from bench.processes.workers import worker_environment

__all__ = ["LocalExecutor"]


class LocalExecutor(Executor):
    """A process a step, `workers` at a time, forked from a server that has imported torch and run nothing in it: one
    step's memory, random state and crashes are no other's. Once a step's result is in, its process is ended, with all that
    it has started; so is one that is over its limits. What it prints is kept in a log beside its folder. A step that asks for
    it runs alone, and so does one that is begun again since its process was killed. Messages are JSON; nothing is pickled."""

    name = "local"
    keeps_limits: ClassVar[bool] = True

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._waiting: deque[Handed] = deque()
        self._again: deque[Handed] = deque()  # whose process was killed from outside
        self._steps: dict[str, Handed] = {}  # running, by id
        self._outcomes: dict[str, str] = {}  # running step's id -> what it said that it came to
        self._losses: Counter[str] = Counter()  # step's id -> how often its process was killed
        self.processes: dict[str, int] = {}
        self._alone = False  # whether what runs is to have nothing beside it
        self._server: Server | None = None

    def submit(self, step: str) -> None:
        self._waiting.append(handed(step))

    def events(self) -> Iterator[StepEvent]:
        while self._waiting or self._again or self._running:
            while (step := self._next()) is not None:
                yield from self._start(step)
            assert self._server is not None
            for event in self._server.events():
                if isinstance(event, Ended):
                    yield from self._ended(event)
                elif (said := self._said(event)) is not None:
                    yield said

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()
        self._again.clear()
        if self._server is None:
            return
        while self._running and not kill:
            for event in self._server.events():
                if isinstance(event, Ended):
                    self._outcomes.pop(event.task, None)
        give_back(self._server)
        self._server = None

    @property
    def _running(self) -> Mapping[str, int]:
        return {} if self._server is None else self._server.running

    def _next(self) -> Handed | None:
        """What may start now, in order: what waits to be alone lets none overtake it."""
        queue, running = self._again or self._waiting, self._running
        gone = self._server is not None and not self._server.alive
        if not queue or len(running) >= self.workers or (running and (gone or self._alone)):
            return None
        if running and self._is_alone(queue[0]):
            return None
        return queue.popleft()

    def _is_alone(self, step: Handed) -> bool:
        return step.exclusive or step.id in self._losses

    def _start(self, step: Handed) -> Iterator[StepEvent]:
        does = "bench.worker.perform:performed"
        task = Task(step.id, does, step.text, step.limits, str(step.log))
        try:
            self._started(task, step)
        except ConnectionError:
            (self._again if step.id in self._losses else self._waiting).appendleft(step)
            return  # until the ends of those that run are told
        self._alone = self._is_alone(step)
        self.processes[step.id] = self._running[step.id]
        if step.id not in self._losses:
            yield StepEvent(step.id, "started", "")
        self._steps[step.id] = step

    def _started(self, task: Task, step: Handed) -> None:
        """ConnectionError where the server is gone, and the ends of those that ran in it are not told yet."""
        try:
            self._serving(step).start(task)
        except ConnectionError:
            if self._running:
                raise
            try:  # it was ended a moment ago: another one
                self._serving(step).start(task)
            except ConnectionError as error:
                raise BenchError(
                    "the process that starts steps ended before it could; its reason is above: `bench doctor` looks further"
                ) from error

    def _serving(self, step: Handed) -> Server:
        environment = worker_environment(step.threads)
        if self._server is not None and not (self._running or self._server.serves(environment)):
            give_back(self._server)  # it is gone, or this step is to have other threads
            self._server = None
        if self._server is None:
            self._server = borrow(environment, step.preload)
        self._server.preload_too(step.preload)
        return self._server

    def _said(self, event: Said) -> StepEvent | None:
        if not event.result:
            return StepEvent(event.task, "progress", event.text)
        self._outcomes[event.task] = event.text
        return None

    def _ended(self, event: Ended) -> Iterator[StepEvent]:
        """What became of a step, once its process is gone: nothing yet where it is begun again."""
        step, said = self._steps.pop(event.task), self._outcomes.pop(event.task, None)
        self.processes.pop(step.id, None)
        if said is None and is_loss(event):
            self._losses[step.id] += 1
            if self._losses[step.id] < TRIES:
                self._again.append(step)
                told = f"begun again, alone: its process was killed from outside ({event.how})"
                yield StepEvent(step.id, "progress", told)
                return
        outcome = outcome_of(step, event, said, self._losses.pop(step.id, 0))
        yield StepEvent(step.id, "ended", outcome.model_dump_json())
