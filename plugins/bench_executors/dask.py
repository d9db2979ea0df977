"""Steps on workers of Dask: those of a running scheduler, of a cluster on this machine, or of jobs of SLURM and others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from pydantic import Field

from bench.errors import ExecutorError
from bench.executors.engine import EngineExecutor, EngineParams, Slot, WorkerGone
from bench.executors.orders import Done
from bench.executors.reach import why_unreachable

__all__ = ["DaskExecutor"]

_LOOPBACK = "127.0.0.1"
_CONNECT_S = 10
_ASK_S = 60


class DaskExecutor(EngineExecutor):
    """Steps on workers of Dask, one at a time for each of a worker's threads. Without an address: on a cluster that it starts
    on this machine, whose every port listens on loopback alone."""

    name = "dask"

    class Params(EngineParams):
        address: str | None = Field(
            None, description="of a running scheduler: tcp://HOST:8786 [a cluster on this machine]"
        )

    params: Params

    def __init__(self, params: Params, workers: int = 1) -> None:
        super().__init__(params, workers)
        try:
            from distributed import Client
        except ImportError as error:
            raise ExecutorError(
                f"executor 'dask': {error}; install it: pip install 'metaselector-bench[dask]'"
            ) from error
        self._run = f"bench-{uuid4().hex}"
        self._cluster = None if params.address else _local_cluster(workers)
        if params.address and (why := why_unreachable(params.address)):
            raise _no_scheduler(params.address, why)
        try:
            self._client = Client(
                params.address or self._cluster, timeout=_CONNECT_S, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise _no_scheduler(params.address, error) from error
        self._client.subscribe_topic(self._run, self._on_event)
        self._futures: dict[int, Any] = {}

    def check(self) -> str:
        slots = self._find_slots(1)
        workers = len({slot.worker for slot in slots})
        return f"{self._client.scheduler.address}: {workers} workers, {len(slots)} steps at a time"

    def _find_slots(self, threads: int) -> list[Slot]:
        known = self._called(self._client.sync, self._client.scheduler.identity, n_workers=-1)
        return [
            Slot(address, place)
            for address, worker in sorted(known["workers"].items())
            for place in range(max(1, worker["nthreads"] // threads))
        ]

    def _ask(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            told = self._client.run(function, *arguments, workers=[worker], on_error="return")
        except (OSError, TimeoutError) as error:
            raise WorkerGone(error) from error  # or the scheduler: the next look tells
        answer = told.get(worker, "it is not there any more")
        if isinstance(answer, BaseException) or worker not in told:
            raise WorkerGone(answer)
        return answer

    def _begin(self, number: int, slot: Slot, order: str, parcels: Mapping[str, bytes]) -> None:
        from bench_executors import _dask_worker

        try:
            sent = {
                name: self._client.scatter(parcel, workers=[slot.worker], hash=False)
                for name, parcel in parcels.items()
            }
        except (OSError, TimeoutError, ValueError) as error:
            raise WorkerGone(error) from error
        future = self._futures[number] = self._client.submit(
            _dask_worker.perform,
            self._run,
            number,
            slot.place,
            order,
            sent,
            workers=[slot.worker],
            retries=0,
            pure=False,
        )
        future.add_done_callback(lambda ended: self._on_end(number, ended))

    def _forget(self, number: int) -> None:
        if (future := self._futures.pop(number, None)) is not None and not future.done():
            future.cancel(force=True)

    def _shut(self) -> None:
        from bench_executors import _dask_worker

        with suppress(Exception):  # whatever is gone has ended its processes
            self._client.run(_dask_worker.end_all, self._run, on_error="ignore")
        self._client.close(_ASK_S)
        if self._cluster is not None:
            self._cluster.close(_ASK_S)

    def _called(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (OSError, TimeoutError) as error:
            raise ExecutorError(
                f"executor 'dask': the scheduler at {self._client.scheduler.address} is lost: {error}; start it again, and run"
                " again: what is recorded stays"
            ) from error

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        _, said = event
        self._progress(said["number"], said["text"])

    def _on_end(self, number: int, future: Any) -> None:
        try:
            self._done(number, Done(*future.result(_ASK_S)))
        except BaseException as error:
            self._lost(number, f"was lost ({type(error).__name__}: {error})")


def _no_scheduler(address: str | None, why: object) -> ExecutorError:
    return ExecutorError(
        f"executor 'dask': no scheduler at {address} ({why}); start one with `dask scheduler`, or correct "
        "--executor-set address"
    )


def _local_cluster(workers: int) -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers or None,
        threads_per_worker=1,
        host=_LOOPBACK,
        dashboard_address=f"{_LOOPBACK}:0",  # whatever port is free: it is started in any case
        scheduler_kwargs={"dashboard": False},
        worker_dashboard_address=None,
        silence_logs=logging.ERROR,
    )
