"""Steps on a cluster of Ray, or on one that is started on this machine."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from pydantic import Field

from bench.errors import ExecutorError
from bench.executors.engine import EngineExecutor, EngineParams, Slot, WorkerGone
from bench.executors.orders import Done
from bench.executors.reach import why_unreachable

__all__ = ["RayExecutor"]

_LOOPBACK = "127.0.0.1"
_ELSEWHERE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # read on Linux too
_ASK_S = 60


class RayExecutor(EngineExecutor):
    """Steps in actors of Ray, one at a time in each: of a running cluster; else of one that it starts on this machine.

    Of that, every port listens on loopback alone."""

    name = "ray"

    class Params(EngineParams):
        address: str | None = Field(
            None, description="of a running cluster: HOST:6379 [a cluster on this machine]"
        )

    params: Params

    def __init__(self, params: Params, workers: int = 1) -> None:
        super().__init__(params, workers)
        _set_reach(params.address)
        try:
            import ray
        except ImportError as error:
            raise ExecutorError(
                f"executor 'ray': {error}; install it: pip install 'metaselector-bench[ray]'"
            ) from error
        self._ray = ray
        self._asked = workers
        self._actors: dict[str, Any] = {}  # by name
        self._named = 0
        if params.address and (why := why_unreachable(params.address)):
            raise _no_cluster(params.address, why)
        try:
            _connect(ray, params.address, workers)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(params.address, error) from error

    def check(self) -> str:
        found = self._ray.cluster_resources()
        nodes = sum(node["Alive"] for node in self._ray.nodes())
        return f"{nodes} nodes, {found.get('CPU', 0):.0f} processors"

    def _find_slots(self, threads: int) -> list[Slot]:
        from bench_executors._ray_actor import StepActor

        wanted = self._asked or max(1, int(self._ray.cluster_resources().get("CPU", 1) // threads))
        while len(self._actors) < wanted:
            self._named += 1
            actor = self._ray.remote(StepActor).options(
                num_cpus=threads, max_restarts=0, max_task_retries=0, max_concurrency=2
            )
            self._actors[f"actor-{self._named}"] = actor.remote()
        return [Slot(name) for name in self._actors]

    def _ask(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        named = f"{function.__module__}:{function.__name__}"
        try:
            return self._ray.get(self._actors[worker].ask.remote(named, *arguments), timeout=_ASK_S)
        except self._ray.exceptions.RayError as error:
            self._actors.pop(worker, None)
            raise WorkerGone(" ".join(str(error).split())[:200]) from error

    def _begin(self, number: int, slot: Slot, order: str, parcels: Mapping[str, bytes]) -> None:
        sent = {name: self._ray.put(parcel) for name, parcel in parcels.items()}
        actor = self._actors[slot.worker]
        said = actor.perform.options(num_returns="streaming").remote(order, sent)
        Thread(target=self._listen, args=(number, slot, said), daemon=True).start()

    def _listen(self, number: int, slot: Slot, said: Any) -> None:
        """Until the actor has said what the step came to, or is lost."""
        try:
            for one in said:
                told = self._ray.get(one)
                if isinstance(told, str):
                    self._progress(number, told)
                else:
                    self._done(number, Done(*told))
        except self._ray.exceptions.RayError as error:
            self._actors.pop(slot.worker, None)
            self._lost(number, f"was lost ({' '.join(str(error).split())[:200]})")

    def _shut(self) -> None:
        for actor in list(self._actors.values()):  # threads that listen take some out
            self._ray.kill(actor)
        self._actors.clear()
        self._ray.shutdown()


def _set_reach(address: str | None) -> None:
    """Ray takes an address that other machines reach for this one's, even in place of loopback, and listens on all interfaces,
    unless it is told that it has this machine alone. It reads that when it is imported, here and in its processes."""
    if address is None:
        os.environ[_ELSEWHERE] = "0"
    else:
        os.environ.pop(_ELSEWHERE, None)
    if (known := sys.modules.get("ray._private.ray_constants")) is not None:
        known.ENABLE_RAY_CLUSTER = address is not None  # type: ignore[attr-defined]


def _no_cluster(address: str | None, why: object) -> ExecutorError:
    return ExecutorError(
        f"executor 'ray': no cluster at {address} ({why}); start one with `ray start --head`, or correct "
        "--executor-set address"
    )


def _connect(ray: Any, address: str | None, workers: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    if address is not None:
        ray.init(address=address, **quiet)
        return
    ray.init(
        num_cpus=workers or None,
        include_dashboard=False,
        _node_ip_address=_LOOPBACK,
        **quiet,
    )
