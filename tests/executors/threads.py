"""An executor over an engine: one of threads, each a worker with a step server of its own, stands for those of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from bench.executors.at_worker import WorkerSide
from bench.executors.engine import EngineExecutor, EngineParams, Slot

__all__ = ["Threads"]


class Threads(EngineExecutor):
    """`here`: names of workers that can be seen now; `sides`: those that have had a step; `sent`: what went to them;
    `answers`: what workers answer instead, by the function that they are asked."""

    name = "threads"

    def __init__(self, params: EngineParams, workers: int = 1) -> None:
        super().__init__(params, workers)
        self.here = ["one", "two"][: workers or None]
        self.sides: dict[str, WorkerSide] = {}
        self.sent: list[tuple[str, list[str]]] = []
        self.answers: dict[str, Any] = {}

    def _find_slots(self, threads: int) -> list[Slot]:
        return [Slot(name) for name in self.here]

    def _ask(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        name = function.__name__
        return self.answers[name] if name in self.answers else function(*arguments)

    def _begin(self, number: int, slot: Slot, order: str, parcels: Mapping[str, bytes]) -> None:
        self.sent.append((slot.worker, sorted(parcels)))
        side = self.sides.setdefault(slot.worker, WorkerSide())

        def perform() -> None:
            try:
                done = side.perform(order, parcels, lambda text: self._progress(number, text))
            except Exception as error:
                self._lost(number, f"was lost ({error})")
            else:
                self._done(number, done)

        Thread(target=perform, daemon=True).start()

    def _shut(self) -> None:
        for side in self.sides.values():
            side.close()
