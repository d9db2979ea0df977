"""What a run has told so far, summed up: for who shows it as it is now."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock

from bench.records.status_file import Failure, Left, RunNow, StepNow
from bench.run.progress import HandsOn, Watcher

__all__ = ["Tally"]

_FAILURES_KEPT = 3
_LONGEST = 300  # characters of a title, of a reason and of a line of progress


@dataclass
class _Running:
    """Times are of the tally's clock."""

    title: str
    began: float
    heard: float
    said: str = ""
    memory_bytes: int | None = None


class Tally(HandsOn):
    """Hands all on. It is told by one thread, and by another of memory and of runs beside; any may ask."""

    def __init__(
        self, watcher: Watcher | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(watcher or Watcher())
        self._clock, self._lock = now, Lock()
        self._began = self._heard = now()
        self._running: dict[str, _Running] = {}
        self._last_failures: deque[Failure] = deque(maxlen=_FAILURES_KEPT)
        self._steps = self._ended = self._failed = self._trials = self._reused = 0
        self._recorded: set[str] = set()  # titles, beside those that were recorded at first
        self._left: tuple[float, bool, int] | None = None  # until when, rough, unknown

    def planned(self, steps: int, trials: int, reused: int) -> None:
        with self._lock:
            self._steps, self._trials, self._reused = steps, trials + reused, reused
        super().planned(steps, trials, reused)

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        with self._lock:
            self._left = (self._clock() + seconds, rough, unknown)
        super().left(seconds, rough=rough, unknown=unknown)

    def started(self, step: str, title: str) -> None:
        with self._lock:
            self._heard = now = self._clock()
            self._running[step] = _Running(_kept(title), now, now)
        super().started(step, title)

    def progress(self, step: str, text: str) -> None:
        with self._lock:
            self._heard = now = self._clock()
            if (running := self._running.get(step)) is not None:
                running.said, running.heard = _kept(text), now
        super().progress(step, text)

    def memory(self, step: str, resident_bytes: int) -> None:
        with self._lock:
            if (running := self._running.get(step)) is not None:  # else it has ended meanwhile
                running.memory_bytes = resident_bytes
        super().memory(step, resident_bytes)

    def ended(self, step: str, title: str, failure: str) -> None:
        with self._lock:
            self._heard = self._clock()
            self._running.pop(step, None)  # none where another run did it
            self._ended += 1
            if failure:
                self._failed += 1
                self._last_failures.append(Failure(title=_kept(title), reason=_kept(failure)))
        super().ended(step, title, failure)

    def recorded(self, trial: str, status: str) -> None:
        with self._lock:
            self._recorded.add(trial)
        super().recorded(trial, status)

    def recorded_by_any(self, trials: Collection[str]) -> None:
        """Trials that a run beside this one may have recorded: this one tells of them later."""
        with self._lock:
            self._recorded.update(trials)

    def now(self) -> RunNow:
        """Where the run stands."""
        with self._lock:
            now = self._clock()
            return RunNow(
                pid=os.getpid(),
                steps=self._steps,
                ended=self._ended,
                failed=self._failed,
                trials=self._trials,
                recorded=self._reused + len(self._recorded),
                seconds=now - self._began,
                quiet_s=now - self._heard,
                left=self._left_now(now),
                last_failures=tuple(self._last_failures),
                running=tuple(_step_now(one, now) for one in self._running.values()),
            )

    def _left_now(self, now: float) -> Left | None:
        """It runs down between two steps."""
        if self._left is None:
            return None
        until, rough, unknown = self._left
        return Left(seconds=max(0.0, until - now), rough=rough, unknown=unknown)


def _kept(text: str) -> str:
    """As much as is shown; half a character, which no file could hold, as its number."""
    whole = str(text)[:_LONGEST].encode("utf-8", "backslashreplace").decode("utf-8")
    return whole[:_LONGEST]


def _step_now(running: _Running, now: float) -> StepNow:
    return StepNow(
        title=running.title,
        said=running.said,
        memory_bytes=running.memory_bytes,
        seconds=now - running.began,
        quiet_s=now - running.heard,
    )
