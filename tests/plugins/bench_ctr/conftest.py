from __future__ import annotations

import pytest

from bench.data.interactions import Interactions
from tests.datasets import make_interactions


@pytest.fixture(scope="package")
def interactions(tmp_path_factory: pytest.TempPathFactory) -> Interactions:
    return make_interactions(tmp_path_factory.mktemp("prepared"), users=12, items=10, rows_per_user=6, seed=3)
