"""What runs in a worker of Ray."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any

from bench.executors.at_worker import WorkerSide
from bench.executors.orders import Done

__all__ = ["StepActor"]


class StepActor:
    """One step at a time."""

    def __init__(self) -> None:
        self._side = WorkerSide()

    def ask(self, function: str, *arguments: Any) -> Any:
        """What a function of the harness returns here."""
        module, _, name = function.partition(":")
        return getattr(import_module(module), name)(*arguments)

    def perform(self, order: str, parcels: Mapping[str, Any]) -> Iterator[str | Done]:
        """Lines of progress, and at last what became of it."""
        import ray

        brought = {name: ray.get(parcel) for name, parcel in parcels.items()}
        told: SimpleQueue[str | Done | BaseException] = SimpleQueue()

        def perform() -> None:
            try:
                told.put(self._side.perform(order, brought, told.put))
            except BaseException as error:
                told.put(error)

        Thread(target=perform, daemon=True).start()
        while isinstance(said := told.get(), str):
            yield said
        if isinstance(said, BaseException):
            raise said
        yield said
