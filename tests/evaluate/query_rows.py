"""Made-up query rows of several methods, and the same as a pandas table for slow, obvious oracles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.evaluate import QueryRows

__all__ = ["KINDS", "as_frame", "make_rows", "permuted"]

POOL = ("a", "b", "c")
KINDS = {"mix": "method", "same": "method", "a": "base_model", "b": "base_model", "c": "base_model"}


def make_rows(seed: int = 0, users: int = 25, trial: int = 0, classes: int = 2) -> QueryRows:
    """Users of 1 to 9 rows; `mix` mixes the pool, `same` predicts what `a` does."""
    rng = np.random.default_rng([seed, users])
    lengths = rng.integers(1, 10, users)
    owner = np.repeat(np.arange(users), lengths)
    n = len(owner)
    bias = rng.normal(size=users)[owner]
    y = (rng.random(n) < 1 / (1 + np.exp(-bias))).astype(np.uint8) if classes == 2 else np.ones(n, np.uint8)
    drawn = np.random.default_rng([seed, users, trial + 1])
    pool = np.stack([bias * share + drawn.normal(scale=0.7, size=n) for share in (0.9, 0.5, 0.1)])
    pool = np.round(pool, 1).astype(np.float32)  # ties
    weights = drawn.dirichlet([1, 1, 1], size=n)
    history = rng.integers(0, 130, users)
    history[:2] = 0
    rate = np.where(history > 0, rng.random(users), np.nan)
    return QueryRows(
        seed=trial,
        y=y,
        users=(owner * 3 + 1).astype(np.int32),
        items=rng.integers(0, 12, n).astype(np.int32),
        history=history[owner],
        support_rate=rate[owner],
        popularity=rng.integers(0, 40, n),
        pool=POOL,
        logits={
            "mix": (weights * pool.T).sum(axis=1),
            "same": pool[0].copy(),
            **dict(zip(POOL, pool, strict=True)),
        },
        weights={"mix": weights},
        true_logits=bias,
    )


def permuted(rows: QueryRows, seed: int = 1) -> QueryRows:
    """The same rows in another order."""
    order = np.random.default_rng(seed).permutation(len(rows.y))
    arrays = {
        name: getattr(rows, name)[order]
        for name in ("y", "users", "items", "history", "support_rate", "popularity", "true_logits")
    }
    return rows._replace(
        **arrays,
        logits={name: values[order] for name, values in rows.logits.items()},
        weights={name: values[order] for name, values in rows.weights.items()},
    )


def as_frame(rows: QueryRows) -> pd.DataFrame:
    """A row each, with `loss of NAME` in plain Python's own words."""
    frame = pd.DataFrame({"user": rows.users, "y": rows.y, "history": rows.history, "popularity": rows.popularity})
    for name, logits in rows.logits.items():
        p = 1 / (1 + np.exp(-logits.astype(np.float64)))
        frame[f"p of {name}"] = p
        frame[f"loss of {name}"] = np.where(rows.y == 1, -np.log(p), -np.log(1 - p))
    return frame
