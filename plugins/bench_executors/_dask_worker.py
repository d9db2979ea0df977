"""What runs in a worker of Dask. Workers import this module: nothing is sent to them by value."""

from __future__ import annotations

from collections.abc import Mapping

from distributed import get_worker

from bench.executors.at_worker import WorkerSide
from bench.executors.orders import Done

__all__ = ["end_all", "perform"]

_sides: dict[tuple[str, int], WorkerSide] = {}  # by run and place


def perform(run: str, place: int, order: str, parcels: Mapping[str, bytes]) -> Done:
    """One step. Raises StepServerGone where its process is lost."""
    worker = get_worker()

    def tell(text: str) -> None:
        worker.log_event(run, {"worker": worker.address, "place": place, "text": text})

    side = _sides.setdefault((run, place), WorkerSide())
    return side.perform(order, parcels, tell)


def end_all(run: str) -> None:
    """End the processes that a run has here, and the steps in them."""
    for key in [key for key in _sides if key[0] == run]:
        _sides.pop(key).close()
