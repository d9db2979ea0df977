"""Small made-up query rows, in no order of users, with ties everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.evaluate import QueryRows

KINDS = {
    "lr": "base_model",
    "fm": "base_model",
    "dnn": "base_model",
    "gating": "method",
    "plain": "method",
}
POOL = ("lr", "fm", "dnn")


def make_rows(
    seed: int = 0, users: int = 30, most: int = 12, split: int = 0, **changes: Any
) -> QueryRows:
    """`split` makes the rows and users, `seed` what methods predict."""
    rng = np.random.default_rng([1, split])
    rows = rng.integers(1, most + 1, users)
    ids = rng.choice(np.arange(3, 3 * users), users, replace=False)
    of_row = rng.permutation(np.repeat(np.arange(users), rows))
    n = len(of_row)
    truth = rng.normal(0, 1.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    history = rng.integers(0, 130, users) * (rng.random(users) < 0.8)
    with np.errstate(invalid="ignore"):
        rate = np.round(rng.random(users) * history) / history
    items = rng.integers(0, 20, n)
    popularity = (rng.zipf(1.6, 20) - 1)[items]
    rng = np.random.default_rng([2, seed, split])
    logits = {
        name: (np.round((truth + rng.normal(0, 0.8 + place / 4, n)) * 4) / 4).astype(np.float32)
        for place, name in enumerate(KINDS)
    }
    weights = rng.dirichlet([0.5] * len(POOL), n).astype(np.float32)
    made = QueryRows(
        seed, y, ids[of_row].astype(np.int32), items.astype(np.int32), history[of_row].astype(np.int64),
        rate[of_row], popularity.astype(np.int64), POOL, logits, {"gating": weights}, truth,
    )  # fmt: skip
    return made._replace(**changes)


def taken(rows: QueryRows, index: np.ndarray) -> QueryRows:
    """Those rows in that order."""
    return QueryRows(
        rows.seed,
        *(values[index] for values in rows[1:7]),
        rows.pool,
        {name: values[index] for name, values in rows.logits.items()},
        {name: values[index] for name, values in rows.weights.items()},
        None if rows.true_logits is None else rows.true_logits[index],
    )
