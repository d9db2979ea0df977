"""Signals that end a command: the first lets it leave all in order, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["exit_code_of", "heeding_signals"]

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # not every system has all


class _Ended(KeyboardInterrupt):
    """Raised where the command is at that moment; `signum`: by which signal."""

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.signum = signum


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Inside, the first signal raises a KeyboardInterrupt and the next one is the system's to deal with. A signal that whoever
    started the command told it to ignore (nohup, a shell's background) stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heeded = [number for number in numbers if before[number] is not signal.SIG_IGN]

    def end(signum: int, _: FrameType | None) -> None:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
        raise _Ended(signum)

    for number in heeded:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heeded:
            # None: by code that is not Python's
            signal.signal(number, before[number] or signal.SIG_DFL)


def exit_code_of(stop: KeyboardInterrupt) -> int:
    """As shells give it: 128 and the signal's number."""
    return 128 + (stop.signum if isinstance(stop, _Ended) else signal.SIGINT)
