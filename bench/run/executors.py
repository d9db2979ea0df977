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
        self._outcomes: dict[str, str] = {}  # running step's id -> what it said that it came to
        self._server: Server | None = None

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self.workers:
                yield self._start(self._waiting.popleft())
            assert self._server is not None
            for event in self._server.events():
                if isinstance(event, Ended):
                    yield self._ended(event)
                elif (said := self._said(event)) is not None:
                    yield said

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()
        if self._server is None:
            return
        while self._running and not kill:
            for event in self._server.events():
                if isinstance(event, Ended):
                    self._ended(event)
        give_back(self._server)
        self._server = None

    @property
    def _running(self) -> tuple[str, ...]:
        return () if self._server is None else tuple(self._server.running)

    def _start(self, step: str) -> StepEvent:
        said = json.loads(step)
        task = Task(str(said["id"]), "bench.worker.perform:performed", step)
        environment = worker_environment(said["resources"]["threads"])
        if self._server is not None and not (
            self._running or self._server.serves(environment, PRELOAD)
        ):
            give_back(self._server)  # it is gone, or this step is to have other threads
            self._server = None
        if self._server is None:
            self._server = borrow(environment, PRELOAD)
        try:
            self._server.start(task)
        except ConnectionError as error:
            raise BenchError(
                "the process that starts steps ended before it could; its reason is above: `bench doctor` looks further"
            ) from error
        return StepEvent(task.name, "started", "")

    def _said(self, event: Said) -> StepEvent | None:
        if not event.result:
            return StepEvent(event.task, "progress", event.text)
        self._outcomes[event.task] = event.text
        return None

    def _ended(self, event: Ended) -> StepEvent:
        """What became of a step, once its process is gone."""
        said = self._outcomes.pop(event.task, None)
        if event.malformed:
            return _ended(
                event.task,
                no_result(f"it wrote {event.malformed} where its result belongs: it was ended"),
            )
        if said is not None:
            return StepEvent(event.task, "ended", said)
        return _ended(event.task, of_exit(event.code))


def _id_of(step: str) -> str:
    return str(json.loads(step)["id"])


def _ended(step: str, outcome: Outcome) -> StepEvent:
    return StepEvent(step, "ended", outcome.model_dump_json())
