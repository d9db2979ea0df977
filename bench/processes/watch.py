"""A running task held to its limits: looked at every so often, and ended where it passes one.

The clock is monotonic. Of one process what is resident counts. Of several, which share pages since they were forked, each
counts its part of them; that is dear to ask, so it is asked where it may decide, and seldom enough to cost little."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from bench.processes.memory import family, proportional_bytes, rss_bytes
from bench.processes.messages import Limits, OverLimit

__all__ = ["GRACE_S", "Watch", "kill_all"]

GRACE_S = 2.0  # between being asked to end and being killed
_DUMP_S = 0.1  # for that, before it is asked to end
_LOOK_S = 0.05
_WEIGH_S = 0.1  # between two weighings at least
_WEIGH_SHARE = 50  # of so many seconds one at most is spent on weighing


class Watch:
    """`pid`: the task's process, which leads its group and was not waited for yet. `dumps`: whether it prints
    where it is at its limit of time."""

    def __init__(self, pid: int, limits: Limits, *, dumps: bool) -> None:
        self.over: OverLimit | None = None
        self.peak_rss_bytes = 0
        self._pid, self._limits, self._dumps = pid, limits, dumps
        self._begun = time.monotonic()
        self._asked_to_end = self._killed_at = 0.0  # where it is over a limit
        self._weighed_next = 0.0

    @property
    def wait_s(self) -> float:
        """Until it has to be looked at."""
        if self.over or self._limits.time_s is None:
            return _LOOK_S
        return min(_LOOK_S, max(0.0, self._begun + self._limits.time_s - time.monotonic()))

    def look(self) -> None:
        """At what it has taken; and go on ending it where that was too much."""
        now = time.monotonic()
        if self.over is None:
            self._check(now)
        if self.over is not None:
            self._end(now)

    def _check(self, now: float) -> None:
        time_s, memory_bytes = self._limits
        size = self._size(family(self._pid), now)
        self.peak_rss_bytes = max(self.peak_rss_bytes, size)
        if memory_bytes is not None and size > memory_bytes:
            self.over, self._killed_at = "memory", now  # no grace: it may grow faster than it ends
        elif time_s is not None and now - self._begun >= time_s:
            self.over = "timeout"
            self._asked_to_end = now + (_DUMP_S if self._dumps else 0)
            self._killed_at = self._asked_to_end + GRACE_S

    def _size(self, pids: Sequence[int], now: float) -> int:
        resident = list(map(rss_bytes, pids))
        largest = max(resident)
        if len(pids) == 1 or sum(resident) <= self.peak_rss_bytes or now < self._weighed_next:
            return largest
        weighed = proportional_bytes(pids)
        took = time.monotonic() - now
        self._weighed_next = now + max(_WEIGH_S, _WEIGH_SHARE * took)
        return max(largest, weighed)

    def _end(self, now: float) -> None:
        """Asked first, with all of its group; then killed, with all that is below it, again and again until it is gone."""
        if now >= self._killed_at:
            kill_all(self._pid)
        elif self._asked_to_end and now >= self._asked_to_end:
            self._asked_to_end = 0.0
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGTERM)
                os.killpg(self._pid, signal.SIGCONT)  # what is stopped would not hear of it


def kill_all(pid: int) -> None:
    """The group that a process leads, and all below it in whatever session."""
    for one in family(pid)[1:]:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
