"""The analysis of one seed: 600 users of unequal rows, 121,000 rows, 16 methods of which four are the pool."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate import QueryRows, analyse, user_table
from bench.evaluate.analysis.attainable import attainable_losses

ROWS, USERS, POOL, METHODS = 121_000, 600, 4, 16


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    share = rng.gamma(0.8, 1, USERS)
    users = np.sort(rng.choice(USERS, ROWS, p=share / share.sum()))
    truth = rng.normal(0, 1.2, ROWS)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    logits = {
        f"m{place}": (truth + rng.normal(0, 0.6, ROWS)).astype(np.float32)
        for place in range(METHODS)
    }
    weights = {
        f"m{place}": rng.dirichlet(np.ones(POOL), ROWS).astype(np.float32)
        for place in range(POOL, METHODS)
    }
    history = rng.integers(0, 150, USERS)
    rate = np.where(history > 0, rng.random(USERS), np.nan)
    items, popularity = rng.integers(0, 3000, ROWS), rng.geometric(0.005, ROWS) - 1
    pool = tuple(f"m{place}" for place in range(POOL))
    return QueryRows(
        0, y, users, items, history[users], rate[users], popularity, pool, logits, weights, truth
    )


def test_analyse(benchmark, rows):
    kinds = {name: "base_model" if name in rows.pool else "method" for name in rows.logits}
    benchmark.pedantic(analyse, args=([rows], kinds, rows.pool[0]), rounds=3)


def test_attainable_losses_of_100_splits(benchmark, rows):
    benchmark.pedantic(attainable_losses, args=(rows, 100, 0), rounds=3)


def test_user_table(benchmark, rows):
    benchmark.pedantic(user_table, args=(rows, "m4"), rounds=3)
