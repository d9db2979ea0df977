"""The side that asks: a server started and kept, tasks handed to it, and what comes back of them.

All of a task's messages are told before its end. A server is one program's, and asked by one thread at a time."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.processes.child import MESSAGE_END

__all__ = [
    "Answer",
    "Ended",
    "Said",
    "Server",
    "Task",
    "ask",
    "borrow",
    "close_idle",
    "give_back",
    "taken",
]

_STDERR = 2
_READ_ONCE = (
    "PYTHON", "LD_", "DYLD_", "MALLOC_", "OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "BLIS_", "VECLIB_", "NUMEXPR_",
    "NUMBA_", "RAYON_", "POLARS_", "TF_", "TORCH", "ATEN_", "DNNL_", "ONEDNN_", "CUDA_", "LOKY_",
)  # fmt: skip
_LONGEST = 64 * 2**20  # bytes of one message of a task; more is not what the harness sends
_START = (
    "import json, sys; said = json.loads(sys.argv[1]); sys.path[:] = said['path']; "
    "from bench.processes.server import serve; serve(said['control'], said['preload'])"
)


class Task(NamedTuple):
    """`function`: "package.module:name", called with `argument` and with a function that takes a line of progress; it
    returns a text."""

    name: str
    function: str
    argument: str


class Said(NamedTuple):
    """A line of progress, or (`result`) what the function returned."""

    task: str
    text: str
    result: bool


class Ended(NamedTuple):
    """`code`: exit code, below 0 a signal's number. `left`: processes that the task left running. `malformed`: what came
    through its channel and is no message, for people; the task was ended then. `with_server`: where it is gone because the
    server is, how many tasks ran: any of them may have ended that."""

    task: str
    code: int
    left: int = 0
    malformed: str = ""
    with_server: int = 0

    @property
    def how(self) -> str:
        """For people: `exit code 3`, `SIGSEGV`."""
        if self.code >= 0:
            return f"exit code {self.code}"
        known = {one.value: one.name for one in signal.Signals}
        return known.get(-self.code, f"signal {-self.code}")  # real-time signals have no names


class Answer(NamedTuple):
    """What a task that was asked alone said: its progress, and what the function returned (None: it ended before)."""

    progress: tuple[str, ...]
    result: str | None
    ended: Ended


@dataclass
class _Running:
    pid: int
    channel: socket.socket
    received: bytearray = field(default_factory=bytearray)
    malformed: str = ""


class Server:
    """`environment`: of the server and its tasks; `preload`: modules that it imports before the first task."""

    def __init__(self, environment: Mapping[str, str], preload: Sequence[str] = ()) -> None:
        self.environment = self._begun_with = dict(environment)  # the former of tasks to come
        self.preload = tuple(preload)
        self._control, theirs = socket.socketpair()
        said = {"control": theirs.fileno(), "preload": preload, "path": sys.path}
        # as multiprocessing starts its own: -O, -X and -W are this program's
        arguments = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *arguments, "-c", _START, json.dumps(said)],
                env=self.environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,  # what is imported may print
                start_new_session=True,  # ctrl-C is for the program that asked
            )
        self._owner = os.getpid()
        self._gone = False  # it is heard before its process can be waited for
        self._running: dict[str, _Running] = {}
        self._told: deque[dict[str, Any]] = deque()
        self._kept: deque[Said | Ended] = deque()  # heard while one task alone was listened to
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

    def serves(self, environment: Mapping[str, str], preload: Sequence[str]) -> bool:
        """Whether it will do for who wants these."""
        return (
            self.own
            and self.alive
            and _lasting(self._begun_with) == _lasting(environment)
            and set(preload) <= set(self.preload)
        )

    @property
    def running(self) -> Mapping[str, int]:
        """Tasks to their processes' ids; 0 for one that has ended and of which that is not told yet."""
        untold = (event.task for event in self._kept if isinstance(event, Ended))
        return {name: running.pid for name, running in self._running.items()} | dict.fromkeys(
            untold, 0
        )

    def start(self, task: Task) -> None:
        """Start it; ConnectionError where the server is gone."""
        ours, theirs = socket.socketpair()
        with theirs, _closed_if_it_fails(ours):
            line = json.dumps({"task": task.name}).encode() + b"\n"
            try:
                socket.send_fds(self._control, [line], [theirs.fileno(), _STDERR])
                pid = self._started(task.name)
            except ConnectionError:
                self._gone = True
                raise
        self._running[task.name] = _Running(pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, task.name)
        with suppress(OSError):  # it died at once: its end says so
            ours.sendall(json.dumps(self._order(task)).encode() + b"\n")
        ours.setblocking(False)

    def _order(self, task: Task) -> dict[str, Any]:
        """What the task's process reads first: what to call, and where. All is as in this program now."""
        return {
            "function": task.function,
            "argument": task.argument,
            "environment": self.environment,
            "folder": os.getcwd(),
            "path": sys.path,
        }

    def events(self, timeout_s: float | None = None) -> Iterator[Said | Ended]:
        """Wait for the next things that running tasks say, or for their end: nothing where the time is over before. Ends
        every one where the server is gone."""
        if not self._kept:
            self._kept.extend(self._heard(timeout_s))
        while self._kept:
            yield self._kept.popleft()

    def answer(self, task: Task) -> tuple[list[Said], Ended]:
        """Start a task and hear it out. What others say meanwhile is kept for `events`."""
        self.start(task)
        said: list[Said] = []
        while True:
            for event in list(self._heard(None)):
                if event.task != task.name:
                    self._kept.append(event)
                elif isinstance(event, Ended):
                    ended = event
                else:
                    said.append(event)
            if task.name not in self._running:
                return said, ended

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
            ends = [self._buried(name, -signal.SIGKILL) for name in list(self._running)]
            yield from (end._replace(with_server=len(ends)) for end in ends)
            return
        while self._told:
            said = self._told.popleft()
            if said["task"] in self._running:
                yield from self._received(said["task"])  # what it said before it ended
                yield self._buried(said["task"], said["ended"], said["left"])

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
        while not running.malformed:
            try:
                data = running.channel.recv(65_536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._forget(running)
                return
            running.received += data
            *lines, rest = bytes(running.received).split(MESSAGE_END)
            running.received = bytearray(rest)
            if len(rest) > _LONGEST:
                self._refuse(name, rest)
            for line in lines:
                if running.malformed:
                    return
                said = _message(line)
                if said is None:
                    self._refuse(name, line)
                else:
                    yield Said(name, said[1], said[0] == "result")

    def _refuse(self, name: str, line: bytes) -> None:
        self._running[name].malformed = repr(bytes(line[:60]))
        self._forget(self._running[name])
        self.end(name)

    def _forget(self, running: _Running) -> None:
        if running.channel.fileno() >= 0:
            self._selector.unregister(running.channel)
            running.channel.close()

    def _buried(self, name: str, code: int, left: int = 0) -> Ended:
        running = self._running.pop(name)
        self._forget(running)
        return Ended(name, code, left, running.malformed)


@contextmanager
def _closed_if_it_fails(channel: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        channel.close()
        raise


def _lasting(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are read once, when a program starts or a library is loaded."""
    return {name: value for name, value in environment.items() if name.startswith(_READ_ONCE)}


def _message(line: bytes) -> tuple[str, str] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match said:
        case ["progress" | "result" as kind, str(text)]:
            return kind, text
    return None


# -- servers that are idle, kept for whoever asks next in this program

_MOST_IDLE = 2  # each has torch in memory
_idle: list[Server] = []
_lent: dict[Server, int] = {}  # to the thread that borrowed it


@contextmanager
def taken(environment: Mapping[str, str], preload: Sequence[str] = ()) -> Iterator[Server]:
    """A server for this caller alone, started if none is idle. It is kept afterwards, or ended where something goes on."""
    server = borrow(environment, preload)
    try:
        yield server
    finally:
        give_back(server)


def borrow(environment: Mapping[str, str], preload: Sequence[str] = ()) -> Server:
    """A server with that very environment that has imported at least these modules."""
    for server in list(_idle):
        if server.serves(environment, preload):
            _idle.remove(server)
            server.environment = dict(environment)
            break
    else:
        server = Server(environment, preload)
    _lent[server] = threading.get_ident()
    return server


def ask(task: Task, environment: Mapping[str, str], preload: Sequence[str]) -> Answer:
    """Have one task done now, beside whatever else runs: in a server that this thread has borrowed where one will do. A
    server that somebody else's task ended is replaced, once."""
    said, ended = _ask(task, environment, preload)
    if ended.with_server:
        said, ended = _ask(task, environment, preload)
    return Answer(
        tuple(one.text for one in said if not one.result),
        next((one.text for one in said if one.result), None),
        ended,
    )


def _ask(
    task: Task, environment: Mapping[str, str], preload: Sequence[str]
) -> tuple[list[Said], Ended]:
    thread = threading.get_ident()
    for server, borrower in _lent.items():
        if borrower == thread and server.serves(environment, preload):
            lenders, server.environment = server.environment, dict(environment)
            try:
                return server.answer(task)
            finally:
                server.environment = lenders
    with taken(environment, preload) as server:
        return server.answer(task)


def give_back(server: Server) -> None:
    """Keep it for who borrows next, unless something runs in it or it is gone."""
    _lent.pop(server, None)
    if server.alive and not server.running:
        _idle.append(server)
        while len(_idle) > _MOST_IDLE:
            _idle.pop(0).close()
        atexit.unregister(close_idle)
        atexit.register(close_idle)
    else:
        server.close()


def close_idle() -> None:
    """At the program's end: each would end by itself as well, when it hears no more."""
    while _idle:
        server = _idle.pop()
        if server.own:
            server.close()
