"""Bootstrap by user (cluster bootstrap; Davison & Hinkley 1997, ch. 3.8): all methods and all seeds on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from bench.evaluate.inference.resampled_metric import Figures, figures
from bench.evaluate.inference.slices import Slice, rows_at
from bench.evaluate.metrics.metrics import AUC, LogLoss
from bench.interfaces import Metric, PluginParams

__all__ = [
    "KEPT_DRAWS",
    "LOGLOSS_AND_AUC",
    "Resampled",
    "draw_users",
    "of_metric",
    "resample",
    "without",
]

KEPT_DRAWS = 1000  # of each seed by itself: a standard error of so many is right within 2 %
_DRAWN_TOGETHER = 64  # resamples written as one: a cache line of a user
LOGLOSS_AND_AUC: tuple[Metric, ...] = (LogLoss(PluginParams()), AUC(PluginParams()))


@dataclass(frozen=True)
class Resampled:
    """What methods reach on all users, by seed, and on each of R resamples of users, mean over seeds. NaN: undefined."""

    names: tuple[str, ...]  # M
    higher_is_better: Mapping[str, bool]  # of each metric
    values: Mapping[str, np.ndarray]  # metric -> (S, M) float64
    draws: Mapping[str, np.ndarray]  # metric -> (R, M) float64
    undefined: Mapping[str, Mapping[str, str]]  # metric -> method -> why a value is NaN
    # metric -> why its draws are NaN though its values are defined
    untested: Mapping[str, str]
    users: int
    effective_users: float  # of equal rows each; fewer than users where rows are unequal: (sum of rows)^2 / sum of rows^2
    rows: int  # of all seeds together
    seeds: int
    # metric -> (S, at most KEPT_DRAWS, M) float32: the first draws of each seed
    by_seed: Mapping[str, np.ndarray] = field(default_factory=dict)
    drawn: str = (
        ""  # digest of who was drawn in those: where it is the same, two runs drew the same users
    )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.higher_is_better)


def resample(
    slices: Sequence[Slice],
    names: Sequence[str],
    *,
    metrics: Sequence[Metric] = LOGLOSS_AND_AUC,
    resamples: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Draw as many users as there are, with replacement, `resamples` times; rows of a user drawn k times count k times.

    `slices` are one a seed, at least one, none empty; `names` are the rows of their logits. Holds one byte a user and
    resample. What a metric raises or hands back that is wrong is in `undefined` and `untested`."""
    ids = np.unique(np.concatenate([one.users for one in slices]))
    weights = draw_users(len(ids), resamples, seed)
    placed = [_distinct(_placed(one, ids)) for one in slices]
    found = {metric.name: [one.figures(metric, weights) for one in placed] for metric in metrics}
    users = np.concatenate([one.slice.users for one in placed])
    rows = np.bincount(users, minlength=len(ids)).astype(float)
    return Resampled(
        tuple(names),
        {metric.name: metric.higher_is_better for metric in metrics},
        {metric: np.stack([one.values for one in of_seeds]) for metric, of_seeds in found.items()},
        {
            metric: np.mean([one.draws for one in of_seeds], axis=0)
            for metric, of_seeds in found.items()
        },
        {metric: _reasons(names, of_seeds) for metric, of_seeds in found.items()},
        {
            metric: why
            for metric, of_seeds in found.items()
            if (why := next(filter(None, (one.untested for one in of_seeds)), ""))
        },
        len(ids),
        float(rows.sum() ** 2 / (rows**2).sum()),
        int(rows.sum()),
        len(slices),
        {metric: _first_draws(of_seeds) for metric, of_seeds in found.items()},
        _digest(ids, weights[:, :KEPT_DRAWS]),
    )


def without(resampled: Resampled, name: str) -> Resampled:
    """The same of all other methods."""
    kept = [place for place, one in enumerate(resampled.names) if one != name]
    return replace(
        resampled,
        names=tuple(resampled.names[place] for place in kept),
        values={metric: values[:, kept] for metric, values in resampled.values.items()},
        draws={metric: draws[:, kept] for metric, draws in resampled.draws.items()},
        by_seed={metric: draws[:, :, kept] for metric, draws in resampled.by_seed.items()},
    )


def of_metric(resampled: Resampled, metric: str) -> Resampled:
    """The same of one metric alone."""

    def one(table: Mapping[str, Any]) -> dict[str, Any]:
        return {name: of for name, of in table.items() if name == metric}

    return replace(
        resampled,
        higher_is_better=one(resampled.higher_is_better),
        values=one(resampled.values),
        draws=one(resampled.draws),
        undefined=one(resampled.undefined),
        untested=one(resampled.untested),
        by_seed=one(resampled.by_seed),
    )


def draw_users(users: int, resamples: int, seed: int) -> np.ndarray:
    """(users, resamples) uint8: how often each resample has each user. (256 times and more never happens: with two users at
    most 2, with many the chance is below 1e-500.)"""
    generator = np.random.default_rng(seed)
    weights = np.empty((users, resamples), dtype=np.uint8)
    for first in range(0, resamples, _DRAWN_TOGETHER):
        some = weights[:, first : first + _DRAWN_TOGETHER]
        drawn = [generator.integers(0, users, users) for _ in range(some.shape[1])]
        some[:] = np.stack(
            [np.bincount(one, minlength=users).astype(np.uint8) for one in drawn], axis=1
        )
    return weights


def _first_draws(of_seeds: Sequence[Figures]) -> np.ndarray:
    """(S, at most KEPT_DRAWS, M) float32."""
    with np.errstate(over="ignore"):  # beyond float32: infinite, and so undefined
        return np.stack([one.draws[:KEPT_DRAWS].astype(np.float32) for one in of_seeds])


def _digest(ids: np.ndarray, weights: np.ndarray) -> str:
    """Of who the users are and how often each was drawn: numpy may draw otherwise in another version."""
    digest = blake2b(np.ascontiguousarray(ids, dtype=np.int64).data, digest_size=16)
    digest.update(np.ascontiguousarray(weights).data)
    return digest.hexdigest()


def _placed(one: Slice, ids: np.ndarray) -> Slice:
    """Grouped by user, as metrics may expect; users by their place among all."""
    users = np.searchsorted(ids, one.users)
    if (users[1:] < users[:-1]).any():
        order = np.argsort(users, kind="stable")
        one, users = Slice(rows_at(one.rows, order), one.logits[:, order]), users[order]
    return one._replace(rows=one.rows._replace(users=users.astype(np.int32)))


class _Distinct(NamedTuple):
    """Methods with equal logits are computed once: faster, and their difference is exactly 0."""

    slice: Slice  # of methods that differ
    places: list[int]  # M: of each method among them

    def figures(self, metric: Metric, weights: np.ndarray) -> Figures:
        """Of all methods."""
        found = figures(metric, self.slice, weights)
        reasons = tuple(found.reasons[place] for place in self.places)
        return Figures(
            found.values[self.places], found.draws[:, self.places], reasons, found.untested
        )


def _distinct(one: Slice) -> _Distinct:
    digests = [blake2b(np.ascontiguousarray(logits).data).digest() for logits in one.logits]
    last = {digest: method for method, digest in enumerate(digests)}  # method of each
    place = {digest: number for number, digest in enumerate(last)}
    kept = list(last.values())
    differ = len(kept) == len(digests)
    distinct = one if differ else one._replace(logits=one.logits[kept])
    return _Distinct(distinct, [place[digest] for digest in digests])


def _reasons(names: Sequence[str], found: Sequence[Figures]) -> dict[str, str]:
    every = {name: [one.reasons[place] for one in found] for place, name in enumerate(names)}
    return {name: next(filter(None, reasons)) for name, reasons in every.items() if any(reasons)}
