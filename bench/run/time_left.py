"""How long the steps that are left take, told to whoever watches as each one ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bench.run.progress import Watcher
from bench.run.timing import Estimates

__all__ = ["TimeLeft"]


class TimeLeft(Watcher):
    """Hands all on to another watcher, and tells it of the time left."""

    def __init__(
        self,
        watcher: Watcher,
        estimates: Estimates,
        steps: Iterable[str],
        workers: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watcher, self._estimates, self._workers = watcher, estimates, workers
        self._left = dict.fromkeys(steps)
        self._began: dict[str, float] = {}
        self._beside: list[float] = []  # seconds of each step that is done beside its CPU time
        self._now = now

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self._watcher.planned(steps, trials, reused)
        self._tell()

    def started(self, step: str, title: str) -> None:
        self._began[step] = self._now()
        self._watcher.started(step, title)

    def ended(self, step: str, title: str, failure: str) -> None:
        self._left.pop(step, None)
        took = None if failure else self._estimates.learn(step)
        if took is not None and step in self._began:
            self._beside.append(max(0.0, self._now() - self._began[step] - took))
        self._watcher.ended(step, title, failure)
        self._tell()

    def say(self, text: str) -> None:
        self._watcher.say(text)

    def progress(self, step: str, text: str) -> None:
        self._watcher.progress(step, text)

    def recorded(self, trial: str, status: str) -> None:
        self._watcher.recorded(trial, status)

    def _tell(self) -> None:
        """A step starts a process, reads and writes: what those that are done took for that, the others will."""
        found = [self._estimates.of(step) for step in self._left]
        known = [estimate for estimate in found if estimate is not None]
        beside = sum(self._beside) / max(1, len(self._beside))
        seconds = sum(estimate.seconds + beside for estimate in known) / self._workers
        if known or not found:
            self._watcher.left(
                seconds,
                rough=any(estimate.rough for estimate in known),
                unknown=len(found) - len(known),
            )
