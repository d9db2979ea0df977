"""AUC and AUC by user of a million rows, by compiled code and by sorting in numpy."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.evaluate.metrics import auc
from benchmarks.peers.machine import describe
from benchmarks.sections.rounds import in_rounds, times_as_fast

__all__ = ["measure"]

USERS = 6_000


def measure(rounds: int, quick: bool) -> dict[str, Any]:
    n = 100_000 if quick else 1_000_000
    rows = [row for dtype in (np.float32, np.float64) for row in _of_dtype(dtype, n, rounds)]
    return {
        "text": [f"{n:,} rows of {USERS:,} users, ties among them; one thread, {rounds} rounds."],
        "head": ["metric", "logits", "numpy, ms", "compiled, ms", "times as fast"],
        "rows": rows,
        "machine": describe(),
    }


def _of_dtype(dtype: Any, n: int, rounds: int) -> list[list[str]]:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=n).astype(dtype)
    logits[::7] = np.round(logits[::7], 1)
    labels = (generator.random(n) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    users = generator.integers(0, USERS, n)
    metrics = {
        "AUC": partial(auc.pooled_auc, labels, logits),
        "AUC by user": partial(auc.auc_by_user, labels, logits, users),
    }
    return [_row(name, metric, dtype, rounds) for name, metric in metrics.items()]


def _row(name: str, metric: Any, dtype: Any, rounds: int) -> list[str]:
    def from_so_many_rows(limit: int) -> None:
        with patch.object(auc, "MANY_ROWS", limit):
            metric()

    ways = {"numpy": partial(from_so_many_rows, 10**12), "compiled": partial(from_so_many_rows, 0)}
    seconds = in_rounds(ways, rounds)
    times = [f"{1e3 * min(seconds[way]):.0f}" for way in ways]
    return [name, np.dtype(dtype).name, *times, times_as_fast(*seconds.values())]
