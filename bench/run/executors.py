"""Where steps run: in this process, or each in a process of its own beside it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Literal, NamedTuple

from bench.errors import BenchError, PredictionError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext  # which not every system has

__all__ = ["InlineExecutor", "LocalExecutor", "worker_context"]

Event = tuple[str, Literal["started", "progress", "done", "lost"], str]
TRACEBACK_CAP = 20_000  # characters


def worker_context() -> ForkServerContext:
    """Processes forked from a server that has imported what steps need. A program has one server, which imports what is said
    before it starts: whoever forks from it without this slows all who come after."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.worker.perform"])
    return context


class InlineExecutor:
    """One step after the other in this process: for debuggers and tests."""

    def __init__(self, workers: int = 1) -> None:
        self._waiting: deque[str] = deque()

    def submit(self, task_json: str) -> None:
        self._waiting.append(task_json)

    def events(self) -> Iterator[Event]:
        from bench.worker.perform import perform

        while self._waiting:
            task_json = self._waiting.popleft()
            task = _task_id(task_json)
            yield task, "started", ""
            said: list[str] = []
            try:
                perform(task_json, said.append)
            except Exception as error:
                yield task, "lost", _failure(error)
            except SystemExit as error:  # of a plugin: it ends its step, not the harness
                yield task, "lost", _no_result(error.code)
            else:
                yield from ((task, "progress", text) for text in said)
                yield task, "done", ""

    def cancel(self, task: str) -> None:
        self._waiting = deque(waiting for waiting in self._waiting if _task_id(waiting) != task)

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()


class _Running(NamedTuple):
    task: str
    process: BaseProcess
    messages: Connection
    lifeline: Connection  # closed with this process, however that ends: the step then ends too


class LocalExecutor:
    """A process a step, `workers` at a time, forked from a server that has imported torch and run nothing in it: one
    step's memory, random state and crashes are no other's. Messages are JSON; nothing is pickled but the step's text."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self._waiting: deque[str] = deque()
        self._running: dict[str, _Running] = {}
        self._context = worker_context()

    def submit(self, task_json: str) -> None:
        self._waiting.append(task_json)

    def events(self) -> Iterator[Event]:
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self._workers:
                yield self._start(self._waiting.popleft())
            for ready in wait([running.messages for running in self._running.values()]):
                event = self._receive(next(run for run in self._running.values() if run.messages is ready))
                if event is not None:
                    yield event

    def cancel(self, task: str) -> None:
        self._waiting = deque(waiting for waiting in self._waiting if _task_id(waiting) != task)
        if task in self._running:
            self._running[task].process.kill()

    def close(self, *, kill: bool = False) -> None:
        self._waiting.clear()
        for running in self._running.values():
            if kill:
                running.process.kill()
            running.process.join()
        self._running.clear()

    def _start(self, task_json: str) -> Event:
        task = _task_id(task_json)
        messages, theirs = self._context.Pipe(duplex=False)
        watched, lifeline = self._context.Pipe(duplex=False)
        arguments = (task_json, theirs, watched)
        process = self._context.Process(target=_child, args=arguments, name=f"step {task[:8]}", daemon=True)
        process.start()
        theirs.close()
        watched.close()
        self._running[task] = _Running(task, process, messages, lifeline)
        return task, "started", ""

    def _receive(self, running: _Running) -> Event | None:
        """The next message, or what became of a process that closed its end."""
        try:
            event, detail = json.loads(running.messages.recv_bytes())
        except (EOFError, OSError):
            event, detail = "ended", ""
        if event == "progress":
            return running.task, "progress", detail
        running.process.join()
        running.messages.close()
        running.lifeline.close()
        del self._running[running.task]
        if event == "done":
            return running.task, "done", ""
        return running.task, "lost", detail or _death(running.process.exitcode)


def _child(task_json: str, messages: Connection, lifeline: Connection) -> None:
    """In the step's own process: perform, and say how it went."""
    from bench.worker.perform import limit_threads, perform

    def send(event: str, detail: str) -> None:
        messages.send_bytes(json.dumps([event, detail]).encode())

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness ends its workers itself
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    os.dup2(2, 1)  # what a plugin prints is no part of the harness's answer, which may be JSON
    limit_threads(json.loads(task_json)["threads"])
    try:
        perform(task_json, lambda text: send("progress", text))
    except Exception as error:
        send("lost", _failure(error))
    else:
        send("done", "")


def _end_with(lifeline: Connection) -> None:
    """A harness that was killed could not end its workers: no orphan goes on without it."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _task_id(task_json: str) -> str:
    return str(json.loads(task_json)["id"])


def _failure(error: Exception) -> str:
    """A failed step as JSON: status, reason, traceback (kept for plugins' own exceptions)."""
    status = error.status if isinstance(error, PredictionError) else "error"
    reason = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    return _as_json(status, reason[:2000], trace[-TRACEBACK_CAP:])


def _death(exitcode: int | None) -> str:
    """What a process's exit says when it sent no result."""
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        return _as_json(f"crashed:{name}", f"the process was ended by {name}", "")
    return _no_result(exitcode)


def _no_result(exitcode: object) -> str:
    return _as_json("no_result", f"the process exited with {exitcode} and no result", "")


def _as_json(status: str, reason: str, trace: str) -> str:
    return json.dumps({"status": status, "reason": reason, "traceback": trace})
