"""Where steps run: in this process, or each in a process of its own beside it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.interfaces import Executor, StepEvent
from bench.job.outcome import Outcome, no_result, of_exit

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext  # which not every system has

__all__ = ["InlineExecutor", "LocalExecutor", "worker_context"]


def worker_context() -> ForkServerContext:
    """Processes forked from a server that has imported what steps need. A program has one server, which imports what is said
    before it starts: whoever forks from it without this slows all who come after."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.worker.perform"])
    return context


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


class _Running(NamedTuple):
    step: str  # its id
    process: BaseProcess
    messages: Connection
    lifeline: Connection  # closed with this process, however that ends: the step then ends too


class LocalExecutor(Executor):
    """A process a step, `workers` at a time, forked from a server that has imported torch and run nothing in it: one
    step's memory, random state and crashes are no other's. Messages are JSON; nothing is pickled but the step's text."""

    name = "local"

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._waiting: deque[str] = deque()
        self._running: dict[str, _Running] = {}
        self._context = worker_context()

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self.workers:
                yield self._start(self._waiting.popleft())
            for ready in wait([running.messages for running in self._running.values()]):
                yield self._receive(
                    next(run for run in self._running.values() if run.messages is ready)
                )

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()
        for running in self._running.values():
            if kill:
                running.process.kill()
            running.process.join()
        self._running.clear()

    def _start(self, step: str) -> StepEvent:
        identity = _id_of(step)
        messages, theirs = self._context.Pipe(duplex=False)
        watched, lifeline = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_child, args=(step, theirs, watched), name=f"step {identity[:8]}", daemon=True
        )
        process.start()
        theirs.close()
        watched.close()
        self._running[identity] = _Running(identity, process, messages, lifeline)
        return StepEvent(identity, "started", "")

    def _receive(self, running: _Running) -> StepEvent:
        """The next message, or what became of a process that closed its end without one."""
        try:
            kind, detail = json.loads(running.messages.recv_bytes())
        except (EOFError, OSError):
            kind, detail = "ended", ""
        if kind == "progress":
            return StepEvent(running.step, "progress", detail)
        running.process.join()
        running.messages.close()
        running.lifeline.close()
        del self._running[running.step]
        if detail:
            return StepEvent(running.step, "ended", detail)
        return _ended(running.step, of_exit(running.process.exitcode))


def _child(step: str, messages: Connection, lifeline: Connection) -> None:
    """In the step's own process: perform, and say how it went."""
    from bench.worker.perform import perform

    def send(kind: str, detail: str) -> None:
        messages.send_bytes(json.dumps([kind, detail]).encode())

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness ends its workers itself
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    os.dup2(2, 1)  # what a plugin prints is no part of the harness's answer, which may be JSON
    outcome = perform(step, lambda text: send("progress", text))
    send("ended", outcome.model_dump_json())


def _end_with(lifeline: Connection) -> None:
    """A harness that was killed could not end its workers: no orphan goes on without it."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _id_of(step: str) -> str:
    return str(json.loads(step)["id"])


def _ended(step: str, outcome: Outcome) -> StepEvent:
    return StepEvent(step, "ended", outcome.model_dump_json())
