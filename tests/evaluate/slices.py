"""Small made-up slices, and the slow way to resample them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.metrics import roc_auc_score

from bench.evaluate import Slice


def make_slice(
    seed: int, users: int = 25, levels: int = 8, noise: Sequence[float] = (0.3, 1.0, 2.0)
) -> Slice:
    """Unequal rows a user in no order, user ids with gaps, a method each noise, logits with ties."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(rng.permutation(users) * 7 + 3, rng.integers(1, 12, users))
    rng.shuffle(ids)
    truth = rng.normal(0, 1.5, len(ids))
    y = (rng.random(len(ids)) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    logits = np.stack(
        [np.round((truth + rng.normal(0, size, len(ids))) * levels) / levels for size in noise]
    )
    return Slice.of_labels(y, ids, logits.astype(np.float32))


def grouped(one: Slice) -> Slice:
    """The same rows by user, users ascending."""
    order = np.argsort(one.users, kind="stable")
    return Slice.of_labels(one.y[order], one.users[order], one.logits[:, order])


def pair_auc(y: np.ndarray, scores: np.ndarray) -> float:
    """Every pair of a positive and a negative, in float64."""
    pairs = np.sign(scores[y == 1].astype(float)[:, None] - scores[y == 0].astype(float)[None, :])
    return float((pairs + 1).mean() / 2) if pairs.size else float("nan")


def weighed_auc(y: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """By scikit-learn."""
    kept = weights > 0
    if len(np.unique(y[kept])) < 2:
        return float("nan")
    return float(roc_auc_score(y[kept], scores[kept], sample_weight=weights[kept]))


def repeated(one: Slice, counts: dict[int, int]) -> Slice:
    """Each user's rows as often as `counts` says."""
    index = [row for row, user in enumerate(one.users.tolist()) for _ in range(counts.get(user, 0))]
    return Slice.of_labels(one.y[index], one.users[index], one.logits[:, index])


def draws_of(weights: np.ndarray, ids: np.ndarray) -> Iterator[dict[int, int]]:
    """User to count, of each resample; weights (U, R) of the users `ids`."""
    for drawn in weights.T.tolist():
        yield dict(zip(ids.tolist(), drawn, strict=True))
