"""A stranger's code in the harness's own process: what it sets going for later is stopped."""

from __future__ import annotations

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.registry.global_state import kept
from bench.registry.process_settings import limits

__all__ = ["Standing", "contained"]


_SOON = 1.0  # seconds: a timer that is cancelled ends at once, unless it was at work


@contextmanager
def contained() -> Iterator[None]:
    """Around an import: settings are put back, timers of every kind are cancelled. What it hands to `atexit` stays; the
    command line ends without it."""
    before = set(threading.enumerate())
    with kept():
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            for thread in set(threading.enumerate()) - before:
                if isinstance(thread, threading.Timer):
                    thread.cancel()
                    thread.join(_SOON)


class Standing(NamedTuple):
    """What ran in the process, and what it may use, before a call."""

    threads: frozenset[threading.Thread]
    limits: dict[int, tuple[int, int]]

    @classmethod
    def now(cls) -> Standing:
        return cls(frozenset(threading.enumerate()), limits())

    def undone(self) -> str:
        """What a call left that nobody can take back in the harness, in words."""
        new = [thread.name for thread in threading.enumerate() if thread not in self.threads]
        if new:
            return f"it leaves a thread running ({new[0]}); start it in fit"
        if any(_timers()):
            return "it leaves a timer running; start it in fit"
        if limits() != self.limits:
            return "it lowers a hard limit of the process (resource.setrlimit), for good; lower the soft one in fit"
        return ""


def _timers() -> list[float]:
    every = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    return [signal.getitimer(timer)[0] for timer in every]
