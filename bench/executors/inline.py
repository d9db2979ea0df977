"""Steps in the harness's own process."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from bench.interfaces import Executor, StepEvent
from bench.job.outcome import Outcome, no_result

__all__ = ["InlineExecutor"]


class InlineExecutor(Executor):
    """One step after the other in this process: for debuggers and tests."""

    name = "inline"

    def __init__(self, params: Any, workers: int = 1) -> None:
        super().__init__(params, workers)
        self._waiting: deque[str] = deque()

    def submit(self, step: str) -> None:
        self._waiting.append(step)

    def events(self) -> Iterator[StepEvent]:
        from bench.worker.perform import perform  # torch, which only workers need

        while self._waiting:
            step = self._waiting.popleft()
            identity = _id_of(step)
            yield StepEvent(identity, "started", "")
            said: list[str] = []
            try:
                outcome = perform(step, said.append)
            except SystemExit as error:  # of a plugin: it ends its step, not the harness
                outcome = no_result(f"the process exited with {error.code}")
            yield from (StepEvent(identity, "progress", text) for text in said)
            yield _ended(identity, outcome)

    def close(self, *, kill: bool = False) -> None:  # noqa: ARG002 - nothing runs between two events
        self._waiting.clear()


def _id_of(step: str) -> str:
    return str(json.loads(step)["id"])


def _ended(step: str, outcome: Outcome) -> StepEvent:
    return StepEvent(step, "ended", outcome.model_dump_json())
