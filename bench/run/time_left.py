"""How long the steps that are left take, told to whoever watches as each one ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from bench.run.progress import HandsOn, Watcher
from bench.run.timing import Estimates, wall_seconds

__all__ = ["TimeLeft"]


class TimeLeft(HandsOn):
    """Tells another watcher of the time left too. `steps`: those to be done, to those that each needs."""

    def __init__(
        self,
        watcher: Watcher,
        estimates: Estimates,
        steps: Mapping[str, Collection[str]],
        workers: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(watcher)
        self._estimates, self._workers = estimates, workers
        self._left = dict(steps)
        self._began: dict[str, float] = {}
        self._beside: list[float] = []  # seconds of each step that is done beside its CPU time
        self._told = False
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
        began = self._began.pop(step, None)
        if took is not None and began is not None:
            self._beside.append(max(0.0, self._now() - began - took))
        if failure:
            self._drop_those_that_need(step)
        self._tell()  # first: what is said of the end of a step has the time that is left then
        self._watcher.ended(step, title, failure)

    def _drop_those_that_need(self, failed: str) -> None:
        """They will never begin."""
        waiting = [step for step, needs in self._left.items() if failed in needs]
        for step in waiting:
            self._left.pop(step, None)
            self._drop_those_that_need(step)

    def _tell(self) -> None:
        """A step starts a process, reads and writes: what those that are done took for that, the others will."""
        found = {step: self._estimates.of(step) for step in self._left}
        known = {step: estimate for step, estimate in found.items() if estimate is not None}
        beside = sum(self._beside) / max(1, len(self._beside))
        seconds = [
            max(0.0, estimate.seconds + beside - self._ran(step))
            for step, estimate in known.items()
        ]
        if known or not found or self._told:  # what was told before is true no more
            self._told = True
            self._watcher.left(
                wall_seconds(seconds, self._workers()),
                rough=any(estimate.rough for estimate in known.values()),
                unknown=len(found) - len(known),
            )

    def _ran(self, step: str) -> float:
        """So many seconds already; 0 where it has not begun."""
        return self._now() - self._began.get(step, self._now())
