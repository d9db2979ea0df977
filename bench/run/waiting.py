"""Tells that a run waits for what another one does, which may be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bench.run.progress import Watcher
from bench.run.sharing import Shared

__all__ = ["TELL_AFTER_S", "Waiting"]

TELL_AFTER_S = 10.0


class Waiting:
    """`title`: of a piece of work. What is waited for is told once, when it has been for a while."""

    def __init__(
        self,
        work: Shared,
        title: Callable[[str], str],
        watcher: Watcher,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work, self._title, self._watcher, self._now = work, title, watcher, now
        self._since: dict[str, float] = {}
        self._told: set[str] = set()

    def looked(self, works: Iterable[str]) -> None:
        """Others do these at this moment, and nothing is left to do meanwhile."""
        now = self._now()
        self._since = {work: self._since.get(work, now) for work in works}
        for work, since in self._since.items():
            if now - since >= TELL_AFTER_S and work not in self._told:
                self._told.add(work)
                self._watcher.say(self._in_words(work))

    def _in_words(self, work: str) -> str:
        owner = self._work.owner(work)
        process = f"process {owner}" if owner else "another process"
        return (
            f"waiting for {self._title(work)}: a run beside this one does it ({process}). If that one is stopped, let it "
            "go on or end it: this one goes on then"
        )
