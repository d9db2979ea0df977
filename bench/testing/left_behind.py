"""Threads and child processes that a plugin has started and not ended."""

from __future__ import annotations

import gc
import os
import threading
import time

import psutil

from bench.processes.system import descendants

__all__ = ["Standing"]

_GRACE_S = 6.0  # for what is just ending, on a busy machine
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")  # Python's own
_HARMLESS = ("TMonitor",)  # tqdm's, one a process, which sleeps


class Standing:
    """What runs as it is made; `since` tells what has been added."""

    def __init__(self) -> None:
        self._threads, self._children = _threads(), _children()

    def since(self) -> list[str]:
        """In words, what was started since and does not end."""
        gc.collect()  # a pool ends with the last reference to it
        until = time.monotonic() + _GRACE_S
        while (found := self._added()) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def _added(self) -> list[str]:
        threads = [f"thread {thread.name!r}" for thread in _threads() - self._threads]
        children = [f"process {pid}" for pid in sorted(_children() - self._children)]
        return [*sorted(threads), *children]


def _threads() -> set[threading.Thread]:
    """Of Python; those of libraries' pools are not known to it."""
    return {
        thread
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread) and type(thread).__name__ not in _HARMLESS
    }


def _children() -> set[int]:
    return {process.pid for process in descendants(os.getpid()) if _is_running(process)}


def _is_running(process: psutil.Process) -> bool:
    try:
        command = " ".join(process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and not any(
            helper in command for helper in _HELPERS
        )
    except psutil.Error:  # it has ended
        return False
