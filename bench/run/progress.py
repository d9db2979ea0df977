"""What a run tells whoever watches it. The base class is silent; the command line shows bars or lines."""

from __future__ import annotations

__all__ = ["Watcher"]


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

    def recorded(self, trial: str, status: str) -> None:
        """A trial's record is written."""
