"""The server's own process: single-threaded, it imports what tasks need, then forks one process a task and buries it.

It ends when its control socket does, and takes every task along; a task that outlives it is killed by the kernel."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
from importlib import import_module
from typing import Any

from bench.processes.child import run_task
from bench.processes.system import adopt_orphans, descendants, end_all, wake_when_parent_ends

__all__ = ["serve"]

_LONGEST = 65_536  # bytes of a request


def serve(control: int, preload: list[str]) -> None:
    """`control`: file descriptor of a stream socket. A request is a line of JSON; with that of a task come its own socket and
    where its stderr goes."""
    adopt_orphans()
    wake_when_parent_ends()
    for module in preload:
        import_module(module)
    gc.freeze()  # so that a task's collections leave the memory that it shares alone
    _Server(socket.socket(fileno=control)).loop()


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.tasks: dict[int, str] = {}  # pid -> name
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the descriptor above is written to

    def loop(self) -> None:
        control = self.control.fileno()
        while True:
            ready, _, _ = select.select([control, self.woken], [], [])
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._bury()
            if control in ready and not self._request():
                self._end()

    def _request(self) -> bool:
        """Serve one; False where nobody asks any more."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.control, _LONGEST, 2)
        except ConnectionError:
            return False
        for (
            line
        ) in data.splitlines():  # one of them at most starts a task: the answer is waited for
            request = json.loads(line)
            if "end" in request:
                self._kill(request["end"])
            else:
                self._start(request["task"], *descriptors)
        return bool(data)

    def _start(self, task: str, channel: int, stderr: int) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self.control.close()
            os.close(self.woken)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run_task(channel, stderr, server)
        os.close(channel)
        os.close(stderr)
        self.tasks[pid] = task
        self._tell(task=task, pid=pid)

    def _kill(self, task: str) -> None:
        for pid, name in self.tasks.items():
            if name == task:
                _kill_group(pid)

    def _bury(self) -> None:
        """Reap what has ended; what an ended task left behind is killed, and reaped in its turn."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (task := self.tasks.pop(pid, None)) is not None:
                left = self._sweep(pid)
                code = os.waitstatus_to_exitcode(status)
                cpu_s = used.ru_utime + used.ru_stime
                self._tell(task=task, ended=code, cpu_s=cpu_s, left=left)

    def _sweep(self, group: int) -> int:
        """Kill what a task left: its group, and what the server adopted from it. How many there were."""
        adopted = [process for process in descendants(os.getpid()) if self._is_stray(process)]
        end_all(adopted)
        _kill_group(group)
        return len(adopted)

    def _is_stray(self, process: Any) -> bool:
        """Whether it is below no running task."""
        try:
            line = [process.pid, *(parent.pid for parent in process.parents())]
        except Exception:  # it ended while it was looked at
            return False
        return not self.tasks.keys() & set(line) and process.status() != "zombie"

    def _end(self) -> None:
        end_all(descendants(os.getpid()))
        os._exit(0)

    def _tell(self, **said: Any) -> None:
        try:
            self.control.sendall(json.dumps(said).encode() + b"\n")
        except OSError:
            self._end()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
