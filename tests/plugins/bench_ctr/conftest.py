from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from bench.data.views.interactions import Interactions
from tests.datasets import make_interactions


@pytest.fixture(scope="package")
def interactions(tmp_path_factory: pytest.TempPathFactory) -> Interactions:
    return make_interactions(
        tmp_path_factory.mktemp("prepared"), users=12, items=10, rows_per_user=6, seed=3
    )


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the harness sees to it: trees on more threads than there are free cores wait for one another."""
    with threadpool_limits(1):
        yield
