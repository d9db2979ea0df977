"""One thread, and a synthetic dataset that is large enough to time."""

from __future__ import annotations

import pytest

from benchmarks.one_thread import one_thread
from tests.datasets import make_interactions


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    one_thread()


@pytest.fixture(scope="session")
def interactions(tmp_path_factory):
    """About 60,000 rows, 2,000 users, 3,000 items."""
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=2000, items=3000, rows_per_user=30, seed=0
    )
