"""The executor over Ray passes the suite that authors are given, on a cluster that it starts."""

from __future__ import annotations

import pytest

from bench.testing import ExecutorConformance
from bench_executors.ray import RayExecutor

pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = pytest.mark.slow


class TestOnThisMachine(ExecutorConformance):
    executor = RayExecutor
