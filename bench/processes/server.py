"""The server's own process: single-threaded, it imports what tasks need, then forks one process a task, holds it to its
limits, keeps what it prints and buries it. It waits for nothing alone: whoever asks may be busy meanwhile.

It ends when its control socket does, and takes every task along; a task that outlives it is killed by the kernel."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psutil

from bench.processes.child import run_task
from bench.processes.log import CappedLog
from bench.processes.memory import largest_rss
from bench.processes.messages import Limits
from bench.processes.system import (
    adopt_orphans,
    descendants,
    end_all,
    is_pythons_helper,
    wake_when_parent_ends,
)
from bench.processes.watch import Watch, kill_all

__all__ = ["serve"]

_LONGEST = 65_536  # bytes of a request


def serve(control: int, preload: list[str]) -> None:
    """`control`: file descriptor of a stream socket. A request is a line of JSON; with that of a task come its own socket and
    where its stderr goes."""
    adopt_orphans()
    wake_when_parent_ends()
    _import_all(preload)
    _Server(socket.socket(fileno=control)).loop()


def _import_all(modules: list[str]) -> None:
    for module in modules:
        import_module(module)
    gc.freeze()  # so that a task's collections leave the memory that it shares alone


@dataclass
class _Running:
    name: str
    watch: Watch | None
    log: CappedLog | None


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.tasks: dict[int, _Running] = {}  # by pid
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the descriptor above is written to

    def loop(self) -> None:
        control = self.control.fileno()
        while True:
            logs = {log.reader: log for log in self._logs() if log.open}
            waits = [watch.wait_s for watch in self._watches()]
            ready, _, _ = select.select(
                [control, self.woken, *logs], [], [], min(waits, default=None)
            )
            for reader in logs.keys() & set(ready):
                logs[reader].read()
            for watch in self._watches():
                watch.look()
            if self.woken in ready:
                os.read(self.woken, 4096)
                self._bury()
            if control in ready and not self._request():
                self._end()

    def _logs(self) -> Iterator[CappedLog]:
        return (one.log for one in self.tasks.values() if one.log is not None)

    def _watches(self) -> Iterator[Watch]:
        return (one.watch for one in self.tasks.values() if one.watch is not None)

    def _request(self) -> bool:
        """Serve one; False where nobody asks any more."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.control, _LONGEST, 2)
        except ConnectionError:
            return False
        # one of them at most starts a task: the answer is waited for
        for line in data.splitlines():
            request = json.loads(line)
            if "end" in request:
                self._kill(request["end"])
            elif "preload" in request:
                _import_all(request["preload"])
            else:
                self._start(request, *descriptors)
        return bool(data)

    def _start(self, request: dict[str, Any], channel: int, stderr: int) -> None:
        server, limits = os.getpid(), Limits(*request["limits"])
        log = None if request["log"] is None else CappedLog(request["log"])
        pid = os.fork()
        if pid == 0:
            self._shut(log)
            output = stderr if log is None else log.writer
            run_task(channel, output, server, logged=log is not None, time_s=limits.time_s)
        for descriptor in (channel, stderr, *(() if log is None else (log.writer,))):
            os.close(descriptor)
        watch = Watch(pid, limits, dumps=log is not None) if any(limits) else None
        self.tasks[pid] = _Running(request["task"], watch, log)
        self._tell(task=request["task"], pid=pid)

    def _shut(self, own: CappedLog | None) -> None:
        """In a fork: what is the server's."""
        self.control.close()
        logs = (*self._logs(), *(() if own is None else (own,)))
        for descriptor in (self.woken, *(log.reader for log in logs)):
            os.close(descriptor)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _kill(self, task: str) -> None:
        for pid, running in self.tasks.items():
            if running.name == task:
                kill_all(pid)

    def _bury(self) -> None:
        """Reap what has ended; what an ended task left behind is killed, and reaped in its turn."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (running := self.tasks.pop(pid, None)) is not None:
                self._tell_end(running, status, used, self._sweep(pid))

    def _tell_end(self, running: _Running, status: int, used: Any, left: int) -> None:
        watch, log = running.watch, running.log
        if log is not None:
            log.close()
        peak = None if watch is None else max(watch.peak_rss_bytes, largest_rss(used.ru_maxrss))
        self._tell(
            task=running.name,
            code=os.waitstatus_to_exitcode(status),
            left=left,
            over=None if watch is None else watch.over,
            peak_rss_bytes=peak,
            log_trouble="" if log is None else log.trouble,
        )

    def _sweep(self, group: int) -> int:
        """Kill what an ended task left: its group, and what the server has adopted from it. How many there were, without the
        helper that Python itself starts and that ends by itself."""
        seen: set[int] = set()
        left = 0
        while strays := [one for one in self._strays() if one.pid not in seen]:
            left += sum(not is_pythons_helper(one) for one in strays)
            end_all(strays)  # one of them may have started another just before
            seen |= {one.pid for one in strays}
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)  # where nobody adopts
        return left

    def _strays(self) -> list[psutil.Process]:
        return [process for process in descendants(os.getpid()) if self._is_stray(process)]

    def _is_stray(self, process: psutil.Process) -> bool:
        """Whether it is below no running task."""
        try:
            line = [process.pid, *(parent.pid for parent in process.parents())]
            return not self.tasks.keys() & set(line) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:  # it ended while it was looked at
            return False

    def _end(self) -> None:
        end_all(descendants(os.getpid()))
        for log in self._logs():
            log.close()
        os._exit(0)

    def _tell(self, **said: Any) -> None:
        try:
            self.control.sendall(json.dumps(said).encode() + b"\n")
        except OSError:
            self._end()
