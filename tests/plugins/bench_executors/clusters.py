"""Clusters of Dask on this machine as people start them: a scheduler and workers, each a command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

__all__ = ["DaskCluster", "free_port"]

_OPTIONS = ("--host", "127.0.0.1", "--no-dashboard")


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class DaskCluster:
    """`caches`: where each worker keeps its own; what they print goes into `folder`."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.caches = [folder / f"cache-{number}" for number in range(workers)]
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.start_scheduler()
        for cache in self.caches:
            self.start_worker(cache)

    def start_scheduler(self) -> None:
        self.scheduler = self._started("scheduler", ("--port", str(self.port)), {})
        until = time.monotonic() + 60
        while not _answers(self.port):
            assert time.monotonic() < until, self.log
            time.sleep(0.1)

    def start_worker(self, cache: Path, *more: str) -> subprocess.Popen[bytes]:
        options = (self.address, "--nthreads", "1", "--local-directory", str(self.folder), *more)
        # as on another machine: a cache of its own
        variables = {
            "BENCH_CACHE": str(cache),
            "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false",
        }
        self.workers.append(self._started("worker", options, variables))
        return self.workers[-1]

    def stop(self) -> None:
        started = [one for one in (self.scheduler, *self.workers) if one is not None]
        below = [child for one in started for child in _below(one.pid)]
        for process in [*started, *below]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for one in started:
            one.wait()
        self.workers.clear()

    @property
    def log(self) -> str:
        return "\n".join(file.read_text("utf-8") for file in sorted(self.folder.glob("*.log")))

    def _started(
        self, what: str, options: Sequence[str], variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *_OPTIONS, *options]
        with (self.folder / f"{what}.log").open("ab") as log:
            path = os.pathsep.join(filter(None, sys.path))
            return subprocess.Popen(
                command, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": path} | variables
            )


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
