"""What a run tells whoever watches it. The base class is silent; the command line shows bars or lines."""

from __future__ import annotations

__all__ = ["HandsOn", "Watcher"]


class Watcher:
    """Told of a run as it goes; override what you need."""

    def say(self, text: str) -> None:
        """A line worth keeping: where data came from, a warning."""

    def planned(self, steps: int, trials: int, reused: int) -> None:
        """So many steps are to be done for so many trials, `reused` of them recorded already."""

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        """So long the steps that are left take; `rough` where that is known of other data or settings alone, and beside
        `unknown` steps like which none was ever timed. Told before the first step and as each ends, just before `ended`, once
        anything is known."""

    def started(self, step: str, title: str) -> None: ...
    def progress(self, step: str, text: str) -> None: ...
    def ended(self, step: str, title: str, failure: str) -> None:
        """`failure` is empty where the step is done."""

    def memory(self, step: str, resident_bytes: int) -> None:
        """What a running step's processes have in memory now. Told about once a second, by a thread of its own."""

    def recorded(self, trial: str, status: str) -> None:
        """A trial's record is written."""


class HandsOn(Watcher):
    """Hands all on to another watcher; override what is to be seen on the way."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def say(self, text: str) -> None:
        self._watcher.say(text)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self._watcher.planned(steps, trials, reused)

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        self._watcher.left(seconds, rough=rough, unknown=unknown)

    def started(self, step: str, title: str) -> None:
        self._watcher.started(step, title)

    def progress(self, step: str, text: str) -> None:
        self._watcher.progress(step, text)

    def memory(self, step: str, resident_bytes: int) -> None:
        self._watcher.memory(step, resident_bytes)

    def ended(self, step: str, title: str, failure: str) -> None:
        self._watcher.ended(step, title, failure)

    def recorded(self, trial: str, status: str) -> None:
        self._watcher.recorded(trial, status)
