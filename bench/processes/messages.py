"""What is asked of a process, and what is told of it."""

from __future__ import annotations

import signal
from typing import Literal, NamedTuple

__all__ = ["NO_LIMITS", "Answer", "Ended", "Limits", "OverLimit", "Said", "Task"]

OverLimit = Literal["timeout", "memory"]


class Limits(NamedTuple):
    """What a task may take; None: as much as there is. `memory_bytes`: resident, of all its processes together, where pages
    that several of them share count once."""

    time_s: float | None = None
    memory_bytes: int | None = None


NO_LIMITS = Limits()


class Task(NamedTuple):
    """`function`: "package.module:name", called with `argument` and with a function that takes a line of progress; it
    returns a text. `log`: the file (absolute) that gets what its processes print, both ends of it where that is much; a task
    without one prints to this program's stderr."""

    name: str
    function: str
    argument: str
    limits: Limits = NO_LIMITS
    log: str | None = None


class Said(NamedTuple):
    """A line of progress, or (`result`) what the function returned."""

    task: str
    text: str
    result: bool


class Ended(NamedTuple):
    """`code`: exit code, below 0 a signal's number. `left`: processes that the task left running. `malformed`: what came
    through its channel and is no message, for people; the task was ended then. `with_server`: where it is gone because the
    server is, how many tasks ran: any of them may have ended that. `over`: the limit that the task was ended for. The most
    memory that was seen of its processes, None where nobody looked. `log_trouble`: why its log is not whole."""

    task: str
    code: int
    left: int = 0
    malformed: str = ""
    with_server: int = 0
    over: OverLimit | None = None
    peak_rss_bytes: int | None = None
    log_trouble: str = ""

    @property
    def how(self) -> str:
        """For people: `exit code 3`, `SIGSEGV`."""
        if self.code >= 0:
            return f"exit code {self.code}"
        known = {one.value: one.name for one in signal.Signals}
        return known.get(-self.code, f"signal {-self.code}")  # real-time signals have no names


class Answer(NamedTuple):
    """What a task that was asked alone said: its progress, and what the function returned (None: it ended before). `ended`:
    None of a process that waits for more."""

    progress: tuple[str, ...]
    result: str | None
    ended: Ended | None
