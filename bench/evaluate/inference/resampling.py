"""Bootstrap by user (cluster bootstrap; Davison & Hinkley 1997, ch. 3.8): all methods and all seeds on the same draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from bench.evaluate.inference.weighted_auc import resampled_auc
from bench.evaluate.metrics.auc import pooled_auc
from bench.evaluate.metrics.metrics import row_log_loss

__all__ = ["RESAMPLED_METRICS", "Resampled", "Slice", "draw_users", "resample"]

RESAMPLED_METRICS = ("logloss", "auc")
_TOGETHER = 1 << 23  # weights of users held as float64 at a time: 64 MiB


class Slice(NamedTuple):
    """One seed's test query rows. An id is one user in every slice: who is drawn is drawn in all of them at once."""

    y: np.ndarray  # (n,) of 0 and 1
    users: np.ndarray  # (n,) int, any order
    logits: np.ndarray  # (M, n) float32 or float64, a row a method


@dataclass(frozen=True)
class Resampled:
    """What methods reach on all users, by seed, and on each of R resamples of users, mean over seeds. NaN: undefined."""

    names: tuple[str, ...]  # M
    metrics: tuple[str, ...]
    values: Mapping[str, np.ndarray]  # metric -> (S, M) float64
    draws: Mapping[str, np.ndarray]  # metric -> (R, M) float64
    undefined: Mapping[str, Mapping[str, str]]  # metric -> method -> why a value is NaN
    users: int
    effective_users: (
        float  # of equal rows each; fewer than users where rows are unequal: (sum of rows)^2 / sum of rows^2
    )
    rows: int  # of all seeds together
    seeds: int


class _Figures(NamedTuple):
    values: np.ndarray  # (M,)
    draws: np.ndarray  # (R, M)
    reasons: tuple[str, ...]  # M, "" where the value is defined


def resample(
    slices: Sequence[Slice],
    names: Sequence[str],
    *,
    metrics: Sequence[str] = RESAMPLED_METRICS,
    resamples: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Draw as many users as there are, with replacement, `resamples` times; rows of a user drawn k times count k times.

    `slices` are one a seed, at least one, none empty; `names` are the rows of their logits; `metrics` of RESAMPLED_METRICS.
    Log loss is the mean over rows, AUC is pooled. Holds one byte a user and resample."""
    ids = np.unique(np.concatenate([one.users for one in slices]))
    weights = draw_users(len(ids), resamples, seed)
    placed = [one._replace(users=np.searchsorted(ids, one.users)) for one in slices]
    figures = {metric: [_of_distinct(_FIGURES[metric], one, weights) for one in placed] for metric in metrics}
    rows = np.bincount(np.concatenate([one.users for one in placed]), minlength=len(ids)).astype(float)
    return Resampled(
        tuple(names),
        tuple(metrics),
        {metric: np.stack([one.values for one in found]) for metric, found in figures.items()},
        {metric: np.mean([one.draws for one in found], axis=0) for metric, found in figures.items()},
        {metric: _reasons(names, found) for metric, found in figures.items()},
        len(ids),
        float(rows.sum() ** 2 / (rows**2).sum()),
        int(rows.sum()),
        len(slices),
    )


def draw_users(users: int, resamples: int, seed: int) -> np.ndarray:
    """(users, resamples) uint8: how often each resample has each user. (256 times and more never happens: with two users at
    most 2, with many the chance is below 1e-500.)"""
    generator = np.random.default_rng(seed)
    weights = np.empty((users, resamples), dtype=np.uint8)
    for one in range(resamples):
        weights[:, one] = np.bincount(generator.integers(0, users, users), minlength=users)
    return weights


def _of_distinct(figures: Callable[[Slice, np.ndarray], _Figures], one: Slice, weights: np.ndarray) -> _Figures:
    """Methods with equal logits are computed once: faster, and their difference is exactly 0."""
    digests = [blake2b(np.ascontiguousarray(logits).data).digest() for logits in one.logits]
    kept = list({digest: place for place, digest in enumerate(digests)}.values())
    of = {digests[place]: position for position, place in enumerate(kept)}
    found, back = figures(one._replace(logits=one.logits[kept]), weights), [of[digest] for digest in digests]
    return _Figures(found.values[back], found.draws[:, back], tuple(found.reasons[place] for place in back))


def _log_loss(one: Slice, weights: np.ndarray) -> _Figures:
    users, resamples = weights.shape
    values, reasons = np.full(len(one.logits), np.nan), []
    sums = np.full((len(one.logits), users), np.nan)
    for method, logits in enumerate(one.logits):
        with np.errstate(invalid="ignore", over="ignore"):  # NaN; a sum beyond float64
            losses = row_log_loss(one.y, logits)
            mean = losses.mean()
        reasons.append("" if np.isfinite(mean) else _why_no_loss(losses))
        if np.isfinite(mean):
            values[method], sums[method] = mean, np.bincount(one.users, losses, users)
    rows, draws = np.bincount(one.users, minlength=users).astype(float), np.empty((resamples, len(sums)))
    together = max(1, _TOGETHER // users)
    for first in range(0, resamples, together):
        drawn = weights[:, first : first + together].T.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):  # no rows: 0 / 0
            draws[first : first + together] = np.stack([drawn @ of_user for of_user in sums], axis=1)
            draws[first : first + together] /= (drawn @ rows)[:, None]
    return _Figures(values, draws, tuple(reasons))


def _auc(one: Slice, weights: np.ndarray) -> _Figures:
    values, draws, reasons = [], [], []
    for logits in one.logits:
        reason = _why_no_auc(one.y, logits)
        reasons.append(reason)
        values.append(np.nan if reason else pooled_auc(one.y, logits))
        nothing = np.full(weights.shape[1], np.nan)
        draws.append(nothing if reason else resampled_auc(one.y, logits, one.users, weights))
    return _Figures(np.array(values), np.stack(draws, axis=1), tuple(reasons))


def _why_no_loss(losses: np.ndarray) -> str:
    missing, infinite = int(np.isnan(losses).sum()), int(np.isinf(losses).sum())
    if missing:
        return f"{missing} of {len(losses)} logits are NaN"
    return f"infinite: {infinite} of {len(losses)} rows are surely wrong" if infinite else "the sum of losses overflows"


def _why_no_auc(y: np.ndarray, logits: np.ndarray) -> str:
    missing = int(np.isnan(logits).sum())
    if missing:
        return f"{missing} of {len(y)} logits are NaN"
    return "" if y.min() != y.max() else f"one class: all {len(y)} labels are {int(y[0])}"


def _reasons(names: Sequence[str], found: Sequence[_Figures]) -> dict[str, str]:
    every = {name: [one.reasons[place] for one in found] for place, name in enumerate(names)}
    return {name: next(filter(None, reasons)) for name, reasons in every.items() if any(reasons)}


_FIGURES = {"logloss": _log_loss, "auc": _auc}
