"""The side that asks: a server started and kept, tasks handed to it, and what comes back of them.

All of a task's messages are told before its end. A server is one program's, and asked by one thread at a time."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bench.processes.channel import Running
from bench.processes.launching import STDERR, lasting, launched
from bench.processes.messages import Ended, Said, Task

__all__ = ["Server"]


class Server:
    """`environment`: of the server and its tasks; `preload`: modules that it imports before the first task."""

    def __init__(self, environment: Mapping[str, str], preload: Sequence[str] = ()) -> None:
        self.environment = self._begun_with = dict(environment)  # the former of tasks to come
        self.preload = tuple(preload)
        self._process, self._control = launched(self.environment, self.preload)
        self._owner = os.getpid()
        self._gone = False  # it is heard before its process can be waited for
        self._running: dict[str, Running] = {}
        self._told: deque[dict[str, Any]] = deque()
        self._kept: deque[Said | Ended] = deque()  # heard while one task alone was listened to
        self._standing: dict[str, str] = {}  # name -> that of the task which waits for more of it
        self._stood: set[str] = set()  # all that ever waited so
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ, None)

    @property
    def alive(self) -> bool:
        return not self._gone and self._process.poll() is None

    @property
    def own(self) -> bool:
        """Whether this very process started it: a fork of it has to start its own."""
        return self._owner == os.getpid()

    def serves(self, environment: Mapping[str, str], preload: Sequence[str] = ()) -> bool:
        """Whether it will do for who wants these."""
        return (
            self.own
            and self.alive
            and lasting(self._begun_with) == lasting(environment)
            and set(preload) <= set(self.preload)
        )

    @property
    def running(self) -> Mapping[str, int]:
        """Tasks to their processes' ids; 0 for one that has ended and of which that is not told yet. Those that wait for more
        are not among them."""
        untold = (event.task for event in self._kept if isinstance(event, Ended))
        running = {name: running.pid for name, running in self._running.items()}
        every = running | dict.fromkeys(untold, 0)
        return {name: pid for name, pid in every.items() if name not in self._stood}

    def preload_too(self, modules: Sequence[str]) -> None:
        """Have what it lacks of these imported, before the next task."""
        if lacking := [module for module in modules if module not in self.preload]:
            with suppress(ConnectionError):  # it is gone: who starts a task is told
                self._control.sendall(json.dumps({"preload": lacking}).encode() + b"\n")
            self.preload += tuple(lacking)

    def start(self, task: Task, *, stands: bool = False) -> None:
        """Start it; ConnectionError where the server is gone. `stands`: it waits for more orders afterwards."""
        ours, theirs = socket.socketpair()
        with theirs, _closed_if_it_fails(ours):
            told = {"task": task.name, "limits": task.limits, "log": task.log}
            line = json.dumps(told).encode() + b"\n"
            try:
                socket.send_fds(self._control, [line], [theirs.fileno(), STDERR])
                pid = self._started(task.name)
            except ConnectionError:
                self._gone = True
                raise
        self._running[task.name] = Running(task.name, pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, task.name)
        with suppress(OSError):  # it died at once: its end says so
            ours.sendall(self._order(task, stands))
        ours.setblocking(False)

    def _order(self, task: Task, stands: bool) -> bytes:
        """What the task's process reads first: what to call, and where. All is as in this program now."""
        order = {
            "function": task.function,
            "argument": task.argument,
            "environment": self.environment,
            "folder": os.getcwd(),
            "path": sys.path,
            "stands": stands,
        }
        return json.dumps(order).encode() + b"\n"

    def events(self, timeout_s: float | None = None) -> Iterator[Said | Ended]:
        """Wait for the next things that running tasks say, or for their end: nothing where the time is over before. Ends
        every one where the server is gone."""
        if not self._kept:
            self._kept.extend(self._heard(timeout_s))
        while self._kept:
            event = self._kept.popleft()
            if event.task not in self._stood:
                yield event

    def answer(self, task: Task) -> tuple[list[Said], Ended]:
        """Start a task and hear it out. What others say meanwhile is kept for `events`."""
        self.start(task)
        said: list[Said] = []
        while True:
            for event in self._of(task.name):
                if isinstance(event, Ended):
                    return said, event
                said.append(event)

    def answer_again(self, task: Task) -> tuple[list[Said], Ended | None]:
        """As `answer`, by one process for all tasks of that name: for what leaves nothing behind. None: it has not ended."""
        name = self._standing.get(task.name, "")
        if name in self._running and self._running[name].open:
            self._running[name].tell(self._order(task, stands=True))
        else:
            name = self._standing[task.name] = f"{task.name} {len(self._stood)}"
            self._stood.add(name)
            self.start(task._replace(name=name), stands=True)
        said: list[Said] = []
        while not any(one.result for one in said):
            for event in self._of(name):
                if isinstance(event, Ended):
                    return said, event
                said.append(event)
        return said, None

    def _of(self, task: str) -> list[Said | Ended]:
        """What a task says next; what others say is kept."""
        heard = list(self._heard(None))
        self._kept.extend(event for event in heard if event.task != task)
        return [event for event in heard if event.task == task]

    def _heard(self, timeout_s: float | None) -> Iterator[Said | Ended]:
        ready = [key.data for key, _ in self._selector.select(0 if self._told else timeout_s)]
        for name in ready:
            if name is not None and name in self._running:
                yield from self._received(name)
        try:
            if None in ready:
                self._listen()
        except ConnectionError:
            self._gone = True
            ends = [Ended(name, -signal.SIGKILL) for name in self._running]
            yield from (self._buried(end._replace(with_server=len(ends))) for end in ends)
            return
        while self._told:
            said = self._told.popleft()
            if said["task"] in self._running:
                yield from self._received(said["task"])  # what it said before it ended
                yield self._buried(Ended(**said))

    def end(self, task: str) -> None:
        """Kill a task; its end is told as any other."""
        self._control.sendall(json.dumps({"end": task}).encode() + b"\n")

    def close(self) -> None:
        """End the server and all that it runs."""
        self._control.close()
        for running in self._running.values():
            running.channel.close()
        self._running.clear()
        self._kept.clear()
        self._selector.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _started(self, task: str) -> int:
        """The process of a task just asked for; ends of others that come in between are kept."""
        while True:
            for said in list(self._told):
                if said["task"] == task and "pid" in said:
                    self._told.remove(said)
                    return int(said["pid"])
            self._listen()

    def _listen(self) -> None:
        data = self._control.recv(65_536)
        if not data:
            raise ConnectionError("the process that starts others has ended")
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = bytearray(rest)
        self._told.extend(json.loads(line) for line in lines)

    def _received(self, name: str) -> Iterator[Said]:
        running = self._running[name]
        if not running.open:
            return
        yield from running.said()
        if not running.open:
            self._selector.unregister(running.channel)
        if running.malformed:
            self.end(name)

    def _buried(self, ended: Ended) -> Ended:
        running = self._running.pop(ended.task)
        if running.open:
            self._selector.unregister(running.channel)
            running.channel.close()
        return ended._replace(malformed=running.malformed)


@contextmanager
def _closed_if_it_fails(channel: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        channel.close()
        raise
