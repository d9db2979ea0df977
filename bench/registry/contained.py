"""A stranger's code in the harness's own process: what it sets going for later is stopped."""

from __future__ import annotations

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench.registry.global_state import kept

__all__ = ["contained", "left_running"]


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


def left_running(before: set[threading.Thread]) -> str:
    """What goes on after a call, in words: nobody can stop it in the harness. `before`: threads that ran before it."""
    new = [thread.name for thread in threading.enumerate() if thread not in before]
    if new:
        return f"it leaves a thread running ({new[0]})"
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    if any(signal.getitimer(timer)[0] for timer in timers):
        return "it leaves a timer running"
    return ""
