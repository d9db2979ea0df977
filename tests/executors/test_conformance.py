"""The executors that the harness brings, and one over an engine of threads, pass the suite that authors are given."""

from __future__ import annotations

import pytest

from bench.executors.inline import InlineExecutor
from bench.executors.local import LocalExecutor
from bench.testing import ExecutorConformance
from tests.executors.threads import Threads

pytestmark = pytest.mark.slow


class TestInline(ExecutorConformance):
    executor = InlineExecutor


class TestLocal(ExecutorConformance):
    executor = LocalExecutor


class TestThreads(ExecutorConformance):
    executor = Threads


class TestThreadsOfOtherDisks(ExecutorConformance):
    executor = Threads

    @pytest.fixture(autouse=True)
    def _disks(self, tmp_path) -> None:
        self.worker_caches = [tmp_path / "worker"]
        self.params = {"disk": "own", "worker_cache": str(tmp_path / "worker")}
