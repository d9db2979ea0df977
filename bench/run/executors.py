"""Where steps run: in this process, or each in a process of its own beside it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from bench.errors import BenchError
from bench.interfaces import Executor, StepEvent
from bench.job.outcome import Outcome, no_result, of_exit
from bench.processes import Ended, Said, Server, Task, borrow, give_back
from bench.processes.workers import PRELOAD, worker_environment

__all__ = ["InlineExecutor", "LocalExecutor"]


class InlineExecutor(Executor):
    """One step after the other in this process: for debuggers and tests."""

    name = "inline"

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._waiting: deque[str] = deque()

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        from bench.worker.perform import perform  # torch, which only workers need

        while self._waiting:
            step = self._waiting.popleft()
            identity = _id_of(step)
            yield StepEvent(identity, "started", "")
            said: list[str] = []
            try:
                outcome = perform(step, said.append)
            except SystemExit as error:  # of a plugin: it ends its step, not the harness
                outcome = no_result(f"the process exited with {error.code}")
            yield from (StepEvent(identity, "progress", text) for text in said)
            yield _ended(identity, outcome)

    def close(self, *, kill: bool = False) -> None:  # noqa: ARG002 - nothing runs between two events
        self._waiting.clear()


class LocalExecutor(Executor):
    """A process a step, `workers` at a time, forked from a server that has imported torch and run nothing in it: one
    step's memory, random state and crashes are no other's. Once a step's result is in, its process is ended, with all that
    it has started. Messages are JSON; nothing is pickled."""

    name = "local"

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._waiting: deque[str] = deque()
        self._steps: dict[str, str] = {}  # by id
        self._outcomes: dict[str, str] = {}  # running step's id -> what it said that it came to
        self._suspects: deque[str] = deque()  # ran when the server ended: one of them ended it
        self._begun_again: set[str] = set()
        self._server: Server | None = None

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        while self._waiting or self._suspects or self._running:
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
        self._suspects.clear()
        if self._server is None:
            return
        while self._running and not kill:
            for event in self._server.events():
                if isinstance(event, Ended):
                    self._outcomes.pop(event.task, None)
        give_back(self._server)
        self._server = None

    @property
    def _running(self) -> tuple[str, ...]:
        return () if self._server is None else tuple(self._server.running)

    def _next(self) -> str | None:
        """What may start now; suspects one at a time, with nothing beside them."""
        if self._suspects:
            return None if self._running else self._suspects.popleft()
        gone = self._server is not None and not self._server.alive
        if not self._waiting or len(self._running) >= self.workers or (gone and self._running):
            return None
        return self._waiting.popleft()

    def _start(self, step: str) -> Iterator[StepEvent]:
        said = json.loads(step)
        task = Task(str(said["id"]), "bench.worker.perform:performed", step)
        environment = worker_environment(said["resources"]["threads"])
        try:
            self._started(task, environment)
        except ConnectionError:
            self._waiting.appendleft(step)  # until the ends of those that run are told
            return
        if task.name not in self._steps:
            yield StepEvent(task.name, "started", "")
        self._steps[task.name] = step

    def _started(self, task: Task, environment: dict[str, str]) -> None:
        """ConnectionError where the server is gone, and the ends of those that ran in it are not told yet."""
        try:
            self._serving(environment).start(task)
        except ConnectionError:
            if self._running:
                raise
            try:  # it was ended a moment ago: another one
                self._serving(environment).start(task)
            except ConnectionError as error:
                raise BenchError(
                    "the process that starts steps ended before it could; its reason is above: `bench doctor` looks further"
                ) from error

    def _serving(self, environment: dict[str, str]) -> Server:
        if self._server is not None and not (
            self._running or self._server.serves(environment, PRELOAD)
        ):
            give_back(self._server)  # it is gone, or this step is to have other threads
            self._server = None
        if self._server is None:
            self._server = borrow(environment, PRELOAD)
        return self._server

    def _said(self, event: Said) -> StepEvent | None:
        if not event.result:
            return StepEvent(event.task, "progress", event.text)
        self._outcomes[event.task] = event.text
        return None

    def _ended(self, event: Ended) -> Iterator[StepEvent]:
        """What became of a step, once its process is gone: nothing yet where that may be another's doing."""
        said = self._outcomes.pop(event.task, None)
        if event.malformed:
            reason = f"it wrote {event.malformed} where its result belongs: it was ended"
            yield _ended(event.task, no_result(reason))
        elif said is not None:
            yield StepEvent(event.task, "ended", said)
        elif event.with_server > 1 and event.task not in self._begun_again:
            self._begun_again.add(event.task)
            self._suspects.append(self._steps[event.task])
            yield StepEvent(event.task, "progress", "begun again: the process that forks was ended")
        else:
            yield _ended(event.task, of_exit(event.code))


def _id_of(step: str) -> str:
    return str(json.loads(step)["id"])


def _ended(step: str, outcome: Outcome) -> StepEvent:
    return StepEvent(step, "ended", outcome.model_dump_json())
