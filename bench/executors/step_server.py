"""A step server beside this process: steps handed to it, and what it says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import Literal

from bench.processes.workers import worker_environment

__all__ = ["StepServer", "StepServerGone"]

_COMMAND = (sys.executable, "-m", "bench.executors.serve")


class StepServerGone(Exception):  # noqa: N818 - an end, and no error of who asks
    """It ended in the middle of a step."""


class StepServer:
    """`command`: what starts it, here or elsewhere. One step at a time; `close` may be called by another thread."""

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=worker_environment(),
            start_new_session=True,  # signals to who asks are not its own
        )
        self._closing = Lock()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def perform(self, step: str, progress: Callable[[str], object]) -> str:
        """Its outcome as JSON; lines of progress are told meanwhile. Raises StepServerGone."""
        for kind, detail in self.told(step):
            if kind == "ended":
                return detail
            progress(detail)
        raise AssertionError

    def told(self, step: str) -> Iterator[tuple[Literal["progress", "ended"], str]]:
        """What it says of a step, as it happens: kind and detail of events. Raises StepServerGone."""
        for line in self._answers(step):
            kind, detail = json.loads(line)
            if kind != "started":
                yield kind, detail
            if kind == "ended":
                return
        raise StepServerGone(f"the step server ended with {self._process.wait()}")

    def _answers(self, step: str) -> Iterator[str]:
        """Lines, until it ends."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        with suppress(OSError, ValueError):  # ValueError: it was closed
            with suppress(OSError):  # its end is heard below
                asked.write(step.replace("\n", " ") + "\n")
                asked.flush()
            while line := answers.readline():
                yield line

    def close(self) -> None:
        """End it, with the step that it runs."""
        with self._closing:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # of what it did not read any more
                    if pipe is not None:
                        pipe.close()
