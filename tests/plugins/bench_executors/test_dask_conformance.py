"""The executor over Dask passes the suite that authors are given: on a cluster that it starts, and on one that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.testing import ExecutorConformance
from bench_executors.dask import DaskExecutor
from tests.plugins.bench_executors.clusters import DaskCluster

pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A scheduler and two workers."""
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    made.start()
    yield made
    made.stop()


class TestOnThisMachine(ExecutorConformance):
    executor = DaskExecutor


class OnCluster(ExecutorConformance):
    executor = DaskExecutor
    cluster: DaskCluster

    def scheduler(self) -> int:
        assert self.cluster.scheduler is not None
        return self.cluster.scheduler.pid

    def start_again(self) -> None:
        self.cluster.stop()
        self.cluster.start()


class TestRunning(OnCluster):
    @pytest.fixture(autouse=True)
    def _there(self, cluster: DaskCluster) -> None:
        self.cluster, self.params = cluster, {"address": cluster.address}


class TestRunningWithDisksOfTheirOwn(OnCluster):
    @pytest.fixture(autouse=True)
    def _there(self, cluster: DaskCluster) -> None:
        self.cluster, self.params = cluster, {"address": cluster.address, "disk": "own"}
        self.worker_caches = [cache / "worker" for cache in cluster.caches]
