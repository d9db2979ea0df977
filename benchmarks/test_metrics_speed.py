"""AUC of a million rows, of all and by user, and log loss."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate import row_log_loss
from bench.evaluate.metrics.auc import auc_by_user, pooled_auc

ROWS, USERS = 1_000_000, 10_000


@pytest.fixture(scope="module")
def scored():
    """Labels, logits and users (n,)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=ROWS).astype(np.float32)
    labels = (rng.random(ROWS) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    return labels, logits, rng.integers(0, USERS, ROWS)


@pytest.mark.parametrize(
    "metric",
    [
        lambda labels, logits, _: pooled_auc(labels, logits),
        auc_by_user,
        lambda labels, logits, _: row_log_loss(labels, logits),
    ],
    ids=["auc", "auc by user", "log loss"],
)
def test_a_million_rows(benchmark, scored, metric):
    benchmark.pedantic(metric, scored, rounds=5, warmup_rounds=1)
