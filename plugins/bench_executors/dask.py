"""Steps on workers of Dask: those of a running scheduler, of a cluster on this machine, or of jobs of SLURM and others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.errors import ExecutorError
from bench.executors.engine import EngineExecutor, EngineParams, Slot, WorkerGone
from bench.executors.orders import Done
from bench.executors.reach import why_unreachable
from bench_executors.jobqueue import JobQueueParams, Jobs

__all__ = ["DaskExecutor"]

_LOOPBACK = "127.0.0.1"
_CONNECT_S = 10
_ASK_S = 60
_ROLES = ("client", "scheduler", "worker")


class TlsParams(BaseModel):
    """Files that scheduler, workers and this run have alike."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ca: str = Field(description="certificate of who signed, as PEM")
    cert: str = Field(description="certificate, as PEM")
    key: str = Field(description="its key, as PEM")


class DaskExecutor(EngineExecutor):
    """Steps on workers of Dask: of a running scheduler, or of jobs of SLURM and others; else of a cluster on this machine.

    One step at a time for each of a worker's threads. What it starts on this machine listens on loopback alone, unless jobs
    are to reach it by an interface or a host."""

    name = "dask"

    class Params(EngineParams):
        address: str | None = Field(
            None, description="of a running scheduler: tcp://HOST:8786 [a cluster on this machine]"
        )
        jobqueue: JobQueueParams | None = Field(
            None, description="workers in jobs of a batch system"
        )
        tls: TlsParams | None = Field(
            None, description="encryption, by files [as Dask's own configuration has it]"
        )

        @model_validator(mode="after")
        def _one_place(self) -> Self:
            if self.address and self.jobqueue:
                raise ValueError("address and jobqueue are two places; set one of them")
            return self

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
        if params.address and (why := why_unreachable(params.address)):
            raise _no_scheduler(params.address, why)
        security = _security(params.tls)
        queue = params.jobqueue
        self._jobs = None if queue is None else Jobs(queue, workers, security)
        self._cluster = self._started(workers, security)
        try:
            self._client = Client(
                params.address or self._cluster,
                timeout=_CONNECT_S,
                security=security,
                set_as_default=False,
            )
        except (OSError, TypeError, ValueError) as error:
            raise _no_scheduler(params.address, error) from error
        self._client.subscribe_topic(self._run, self._on_event)
        self._futures: dict[int, Any] = {}

    def check(self) -> str:
        slots = self._find_slots(1)
        workers = len({slot.worker for slot in slots})
        return f"{self._client.scheduler.address}: {workers} workers, {len(slots)} steps at a time"

    def _started(self, workers: int, security: Any) -> Any:
        if self._jobs is not None:
            return self._jobs.cluster
        return None if self.params.address else _local_cluster(workers, security)

    def _known(self) -> dict[str, Any]:
        """Workers by their addresses."""
        told = self._called(self._client.sync, self._client.scheduler.identity, n_workers=-1)
        return dict(told["workers"])

    def _find_slots(self, threads: int) -> list[Slot]:
        if self._jobs is not None:
            self._jobs.ask(self._known, self.say)
        return [
            Slot(address, place)
            for address, worker in sorted(self._known().items())
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


def _security(tls: TlsParams | None) -> Any:
    if tls is None:
        return None
    from distributed import Security

    files = {f"tls_{who}_cert": tls.cert for who in _ROLES}
    files |= {f"tls_{who}_key": tls.key for who in _ROLES}
    return Security(tls_ca_file=tls.ca, require_encryption=True, **files)


def _local_cluster(workers: int, security: Any) -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers or None,
        threads_per_worker=1,
        host=_LOOPBACK,
        dashboard_address=f"{_LOOPBACK}:0",  # whatever port is free: with none, every cluster wants 8787
        scheduler_kwargs={"dashboard": False},
        worker_dashboard_address=None,
        security=security,
        silence_logs=logging.ERROR,
    )
