"""How a run is watched where there is no terminal: a plain line for each step that ends, and one for what takes long."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Self

from bench.cli._output import Unwritable, say
from bench.cli._plan_words import planned_in_words, time_left
from bench.run import Watcher

__all__ = ["Lines"]

_LONG = 10.0  # seconds; a step that runs so long is named before it ends, else the last to end seems to hang


class Lines(Watcher):
    """`timer`: what calls a function once so many seconds have gone by."""

    def __init__(self, timer: Callable[[float, Callable[[], None]], Timer] = Timer) -> None:
        self._timer = timer
        self._steps = self._ended = 0
        self._left = ""
        self._details: dict[str, str] = {}
        self._running: dict[str, Timer] = {}
        self._lock = Lock()  # a step that has ended is not said to be running

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for step in list(self._running):
            self._stop(step)

    def say(self, text: str) -> None:
        say(text)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self._steps = steps
        self.say(planned_in_words(steps, trials, reused))

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        words = time_left(seconds, rough=rough, unknown=unknown)
        self._left = f" ({words})" if words else ""

    def started(self, step: str, title: str) -> None:
        self._stop(step)  # one that is begun again
        timer = self._timer(_LONG, lambda: self._say_running(step, title))
        timer.daemon = True
        with self._lock:
            self._running[step] = timer
        timer.start()

    def progress(self, step: str, text: str) -> None:
        self._details[step] = text

    def ended(self, step: str, title: str, failure: str) -> None:
        self._stop(step)
        self._ended += 1
        said = f"[{self._ended}/{self._steps}] {title}"
        self.say(f"{said}: failed: {failure}" if failure else f"{said}: done{self._left}")
        self._left = ""

    def _stop(self, step: str) -> None:
        with self._lock:
            timer = self._running.pop(step, None)
            self._details.pop(step, None)
        if timer is not None:
            timer.cancel()

    def _say_running(self, step: str, title: str) -> None:
        with self._lock, suppress(Unwritable):  # whom to tell, the next line finds out
            if step in self._running:
                self.say(", ".join(filter(None, [f"running: {title}", self._details.get(step)])))
