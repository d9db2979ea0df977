"""The user-level bound that a selector could reach with the user's own rows: chosen on some of them, scored on others.

The perfect user-level selector chooses on the rows that it is scored on, so with few rows it fits their noise. Here each
user's model is chosen on a random half of the user's query rows and scored on the other, with the roles swapped too (repeated
two-fold cross-validation). It is a bound for choosing by outcomes seen, half as many as the query has, not for choosing by
other knowledge of a user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bench.evaluate.analysis.findings import AttainableBound
from bench.evaluate.inference.resampling import draw_users
from bench.evaluate.inference.standard_error import StandardError
from bench.evaluate.metrics.metrics import row_log_loss
from bench.evaluate.query_rows import QueryRows

__all__ = ["attainable_bound", "attainable_losses", "halves"]

_TOGETHER = 1 << 20  # rows times splits at a time: 8 MiB an array


def attainable_bound(
    rows: Sequence[QueryRows], splits: int, resamples: int, seed: int
) -> AttainableBound:
    """Mean over seeds, with the t-interval of the bootstrap by user. Every seed has rows and every model of its pool."""
    sums = [attainable_losses(one, splits, seed) for one in rows]
    ids = np.unique(np.concatenate([one.users for one in rows]))
    counts = [
        np.bincount(np.searchsorted(ids, one.users), minlength=len(ids)).astype(float)
        for one in rows
    ]
    losses = [np.zeros(len(ids)) for _ in rows]
    for of_all, one, of_users in zip(losses, rows, sums, strict=True):
        of_all[np.searchsorted(ids, np.unique(one.users))] = of_users
    mean = float(
        np.mean([loss.sum() / count.sum() for loss, count in zip(losses, counts, strict=True)])
    )
    single = int(sum((count == 1).sum() for count in counts))
    reason = (
        f"{single} users have one query row: their model is the best on the other users' rows"
        if single
        else ""
    )
    if len(ids) < 2:
        why = "one user: no spread over users"
        return AttainableBound(
            mean, None, None, splits, "; ".join(filter(None, (reason, why))), single
        )
    error = _error(losses, counts, draw_users(len(ids), resamples, seed))
    low, high = error.interval(mean) if error.size > 0 else (mean, mean)
    return AttainableBound(mean, low, high, splits, reason, single)


def attainable_losses(rows: QueryRows, splits: int, seed: int) -> np.ndarray:
    """(U,) each user's summed log loss, users ascending, mean over `splits` halvings: of each half by the model with the
    lowest loss on the other half, ties to the pool's first.

    With an odd number of rows one half has one more. A user of one row gets the model that is best on all other users' rows.
    Rows are put in an order of their own first, so that the order they came in changes nothing."""
    losses, users = _in_order(rows)
    starts = np.flatnonzero(np.concatenate([[True], users[1:] != users[:-1]]))
    counts = np.diff(starts, append=len(users))
    sums, found = np.add.reduceat(losses, starts, axis=0), np.empty(len(starts))
    generator = np.random.default_rng(seed)
    for count in np.unique(counts).tolist():
        of_count = np.flatnonzero(counts == count)
        if count == 1:
            found[of_count] = _chosen(sums.sum(axis=0) - sums[of_count], sums[of_count])
            continue
        for few in np.array_split(of_count, -(-len(of_count) * count // _TOGETHER)):
            of_few = losses[starts[few, None] + np.arange(count)]  # (few, count, K)
            found[few] = _cross_scored(of_few, splits, generator)
    return found


def halves(users: int, rows: int, splits: int, generator: np.random.Generator) -> np.ndarray:
    """(users, splits, rows) bool: a random half of each user's rows, rounded down, in each split."""
    keys = generator.random((users, splits, rows))
    return np.asarray(keys < np.partition(keys, rows // 2, axis=-1)[..., rows // 2 : rows // 2 + 1])


def _in_order(rows: QueryRows) -> tuple[np.ndarray, np.ndarray]:
    """Losses (n, K) and users (n,), by user."""
    losses = row_log_loss(rows.y, np.stack([rows.logits[name] for name in rows.pool], axis=1))
    order = np.lexsort((*losses.T[::-1], rows.y, rows.items, rows.users))
    return losses[order], rows.users[order]


def _cross_scored(losses: np.ndarray, splits: int, generator: np.random.Generator) -> np.ndarray:
    """(users,) mean over splits. losses (users, rows, K)."""
    users, rows, _ = losses.shape
    sums = losses.sum(axis=1)
    total = np.zeros(users)
    for some in _parts(splits, users * rows):
        one = halves(users, rows, some, generator).astype(np.float64) @ losses  # (users, splits, K)
        other = sums[:, None, :] - one
        total += (_chosen(one, other) + _chosen(other, one)).sum(axis=1)
    return total / splits


def _parts(splits: int, rows: int) -> Iterator[int]:
    most = max(1, _TOGETHER // rows)
    while splits > 0:
        yield min(splits, most)
        splits -= most


def _chosen(seen: np.ndarray, scored: np.ndarray) -> np.ndarray:
    """(...,) of `scored` at the lowest of `seen`. Both (..., K)."""
    return np.take_along_axis(scored, seen.argmin(axis=-1)[..., None], axis=-1)[..., 0]


def _error(
    losses: Sequence[np.ndarray], counts: Sequence[np.ndarray], weights: np.ndarray
) -> StandardError:
    """Of the mean over seeds, as in bench.evaluate.inference.paired; weights (U, R)."""
    users, resamples = weights.shape
    draws = np.empty(resamples)
    most = max(1, 8 * _TOGETHER // users)
    for first in range(0, resamples, most):
        drawn = weights[:, first : first + most].T.astype(np.float64)
        with np.errstate(invalid="ignore"):  # a seed none of whose users is drawn: 0 / 0
            by_seed = [
                drawn @ loss / (drawn @ count) for loss, count in zip(losses, counts, strict=True)
            ]
        draws[first : first + most] = np.mean(by_seed, axis=0)
    known = draws[np.isfinite(draws)]
    size = float(known.std(ddof=1)) * (users / (users - 1)) ** 0.5 if len(known) > 1 else 0.0
    rows = np.sum(counts, axis=0)
    return StandardError(size, max(1.0, float(rows.sum() ** 2 / (rows**2).sum()) - 1))
