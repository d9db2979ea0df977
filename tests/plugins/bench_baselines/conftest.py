from __future__ import annotations

import numpy as np
import pytest

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from tests.datasets import make_interactions
from tests.plugins.bench_baselines.parts import make_tasks


@pytest.fixture(scope="package")
def interactions(tmp_path_factory: pytest.TempPathFactory) -> Interactions:
    return make_interactions(
        tmp_path_factory.mktemp("prepared"), users=60, items=15, rows_per_user=25, seed=1
    )


@pytest.fixture(scope="package")
def base_logits(interactions: Interactions) -> np.ndarray:
    """(n, 3): three models that know something of the labels, each with its own noise, scale and offset."""
    rng = np.random.default_rng(5)
    signal = 2.0 * interactions.labels() - 1
    noisy = signal[:, None] + rng.normal(0, [1.0, 1.5, 2.0], size=(len(signal), 3))
    return noisy * [0.7, 1.2, 0.5] + [0.0, 0.4, -0.3]


@pytest.fixture(scope="package")
def train(interactions: Interactions, base_logits: np.ndarray) -> TaskView:
    return make_tasks(interactions, np.arange(1, 40), base_logits)


@pytest.fixture(scope="package")
def valid(interactions: Interactions, base_logits: np.ndarray) -> TaskView:
    return make_tasks(interactions, np.arange(40, 50), base_logits)


@pytest.fixture(scope="package")
def unseen(interactions: Interactions, base_logits: np.ndarray) -> TaskView:
    """User 0 has one row, and so no support; query labels are withheld, as they are from every selector."""
    return make_tasks(
        interactions, np.array([0, *range(50, 60)]), base_logits
    ).without_query_labels()
