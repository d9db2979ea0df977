"""What runs in a worker of Dask. Workers import this module: nothing is sent to them by value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from distributed import get_worker

from bench.executors.at_worker import WorkerSide
from bench.executors.orders import Done

__all__ = ["end_all", "perform"]

_LOOK_S = 1.0
_sides: dict[tuple[str, int], WorkerSide] = {}  # by run and place


def perform(run: str, number: int, place: int, order: str, parcels: Mapping[str, bytes]) -> Done:
    """One step. Raises StepServerGone where its process is lost."""
    worker = get_worker()

    def tell(text: str) -> None:
        worker.log_event(run, {"number": number, "text": text})

    side = _sides.setdefault((run, place), WorkerSide())
    with _ended_when_unwanted(worker, lambda: _end(run, place)):
        return side.perform(order, parcels, tell)


def end_all(run: str) -> None:
    """End the processes that a run has here, and the steps in them."""
    for _, place in [key for key in _sides if key[0] == run]:
        _end(run, place)


def _end(run: str, place: int) -> None:
    if (side := _sides.pop((run, place), None)) is not None:
        side.close()


@contextmanager
def _ended_when_unwanted(worker: Any, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` where what runs inside is no longer asked for: the run was killed, or has given the step up. Dask forgets
    such a task, but does not stop it."""
    key, over = worker.get_current_task(), Event()

    def look() -> None:
        while not over.wait(_LOOK_S):
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                end()
                return

    Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        over.set()
