"""Tasks over a synthetic dataset, with base logits and labels as a test wants them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView, View
from bench.interfaces import Context

CONTEXT = Context(seed=7, threads=1, device="cpu", scratch=Path())


def make_tasks(
    interactions: Interactions,
    users: np.ndarray,
    base_logits: np.ndarray,
    *,
    labels: np.ndarray | None = None,
    support_share: float = 0.8,
) -> TaskView:
    """Tasks of `users` in the given order: support is the first share of a user's rows, query the rest (one row at least).

    `base_logits` (n, K) and `labels` (n,; default: the dataset's) are of all rows of the dataset."""
    labels = interactions.labels() if labels is None else labels
    start, stop = interactions.user_ptr[users], interactions.user_ptr[users + 1]
    cut = stop - np.maximum(1, np.round((stop - start) * (1 - support_share)).astype(np.int64))
    support, query = _ranges(start, cut), _ranges(cut, stop)
    return TaskView(
        models=tuple(f"model-{k}" for k in range(base_logits.shape[1])),
        support=View(interactions, support, labels[support]),
        query=View(interactions, query, labels[query]),
        support_ptr=np.concatenate([[0], np.cumsum(cut - start)]),
        query_ptr=np.concatenate([[0], np.cumsum(stop - cut)]),
        support_base_logits=base_logits[support].astype(np.float32),
        query_base_logits=base_logits[query].astype(np.float32),
    )


def of_user(tasks: TaskView, values: np.ndarray, user: int) -> np.ndarray:
    """One user's query rows of `values` (n, ...)."""
    return values[tasks.query_ptr[user] : tasks.query_ptr[user + 1]]


def _ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(a, b) for a, b in zip(start, stop, strict=True)]).astype(
        np.int64
    )
