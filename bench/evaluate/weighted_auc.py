"""AUC of many resamples of users at once, exact: rows are sorted once, resamples differ in how often a user counts.

With w[u] how often user u was drawn, AUC = sum of w[u] w[v] over pairs (positive row of u above negative row of v, ties half)
over (sum of w over positive rows) (sum of w over negative rows). The numerator is one walk over the sorted rows, which keeps
the negative rows passed so far: with few users their number for each user, which gives a quadratic form in w for all
resamples; with more users than resamples their weight in each resample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["resampled_auc"]

_CELLS = 1 << 24  # weights of users held at a time: 128 MiB
_LONG = 256  # rows from which on a run is summed by user


def resampled_auc(y: np.ndarray, scores: np.ndarray, users: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) float64, NaN where a resample has one class. y (n,) of 0 and 1, scores (n,) without NaN, users (n,) in [0, U),
    weights (R, U) whole numbers from 0 on. Sums are of whole and half numbers, exact up to 2^53."""
    positives, negatives = (np.bincount(users, y == label, weights.shape[1]) for label in (1, 0))
    pairs = (weights @ positives) * (weights @ negatives)
    runs, count = _runs(y, scores, users), weights.shape[1]
    if count <= len(weights):
        of = weights.astype(np.float64)
        wins = np.einsum("ru,ru->r", of @ _wins_by_users(runs, count), of)
    else:
        wins = _wins_by_resample(runs, weights)
    return np.asarray(np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))


def _wins_by_resample(runs: _Runs, weights: np.ndarray) -> np.ndarray:
    """(R,) pairs won in each resample."""
    together = max(1, _CELLS // weights.shape[1])
    parts = [
        _wins(runs, np.ascontiguousarray(weights[first : first + together].T, dtype=np.float64))
        for first in range(0, len(weights), together)
    ]
    return np.concatenate(parts)


class _Runs(NamedTuple):
    """Rows in ascending order of scores, among equal ones the negatives first, in runs of one class: a run ends where the
    class changes, and around scores that rows of both classes have."""

    users: list[int]
    starts: list[int]  # of each run, and the end
    positive: list[bool]
    tied: list[bool]  # whether the run's rows have the score of the run of negatives before it


def _runs(y: np.ndarray, scores: np.ndarray, users: np.ndarray) -> _Runs:
    order = np.lexsort((y, scores))
    positive, ordered = y[order] == 1, scores[order]
    new_score = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    new_class = np.concatenate([[True], positive[1:] != positive[:-1]])
    first = np.flatnonzero(new_score)
    mixed = np.logical_or.reduceat(new_class & ~new_score, first)  # both classes have this score
    of_row = np.repeat(mixed, np.diff(first, append=len(order)))
    starts = np.flatnonzero(new_class | (new_score & (of_row | np.concatenate([[False], of_row[:-1]]))))
    tied = of_row[starts] & positive[starts]
    return _Runs(users[order].tolist(), [*starts.tolist(), len(order)], positive[starts].tolist(), tied.tolist())


def _wins_by_users(runs: _Runs, count: int) -> np.ndarray:
    """(U, U) pairs won by positive rows of the first user against negative rows of the second."""
    wins, below, level = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    rows = list(wins)  # a view a user
    for run, (positive, tied) in enumerate(zip(runs.positive, runs.tied, strict=True)):
        members = runs.users[runs.starts[run] : runs.starts[run + 1]]
        if not positive:
            np.copyto(level, below)
            for member in members:
                below[member] += 1
            continue
        lower = (below + level) / 2 if tied else below  # negatives of the same score count half
        for member in members:
            np.add(rows[member], lower, out=rows[member])
    return wins


def _wins(runs: _Runs, weights: np.ndarray) -> np.ndarray:
    """(r,) pairs won in each of r resamples; weights (U, r)."""
    wins, below, scratch = (np.zeros(weights.shape[1]) for _ in range(3))
    of_run, level = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    rows = list(weights)  # a view a user
    for run, (positive, tied) in enumerate(zip(runs.positive, runs.tied, strict=True)):
        members = runs.users[runs.starts[run] : runs.starts[run + 1]]
        if not positive:
            np.copyto(level, below)
            _add(members, rows, weights, below)
            continue
        of_run.fill(0.0)
        _add(members, rows, weights, of_run)
        np.multiply(of_run, below, out=scratch)
        np.add(wins, scratch, out=wins)
        if tied:
            np.subtract(below, level, out=scratch)  # the negatives of the same score
            np.multiply(scratch, of_run, out=scratch)
            wins -= scratch / 2
    return wins


def _add(members: list[int], rows: list[np.ndarray], weights: np.ndarray, total: np.ndarray) -> None:
    """Add the weights of a run's users, in place."""
    if len(members) > _LONG:
        total += np.bincount(members, minlength=len(rows)) @ weights
        return
    for member in members:
        np.add(total, rows[member], out=total)
