"""The difference of two methods on the same rows, and what can be said of it.

Two intervals: over users, by the bootstrap (the expanded percentile interval, Hesterberg 2015: percentiles as far out as a
t-distribution of users - 1 degrees of freedom asks for, since the bootstrap alone is too narrow with few users), and over
seeds, a t-interval of the differences seed by seed. "better" needs both."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from scipy import stats

from bench.evaluate.resampling import Resampled

__all__ = ["LEVEL", "ONE_SEED", "POWER", "Paired", "Verdict", "adjust", "paired"]

Verdict = Literal["better", "worse", "tie", "withheld"]
K = TypeVar("K", bound=Hashable)

LEVEL, POWER = 0.05, 0.8
ONE_SEED = "one seed: of one training run, the spread over seeds is not in it"
_NO_SPREAD = "every resample of users gives the same difference: there is no spread to test it against"


@dataclass(frozen=True)
class Paired:
    """Candidate minus reference. What is None is so for a `reason`."""

    metric: str
    difference: float | None
    low: float | None  # 95 % interval, bootstrap by user
    high: float | None
    p: float | None
    seeds_low: float | None  # t-interval over seeds; None with one seed
    seeds_high: float | None
    seeds_p: float | None
    p_holm: float | None  # adjusted over the table; alone it is p
    verdict: Verdict
    detectable: float | None  # the smallest difference, without its sign, that this run could have detected
    reason: str = ""


class _Users(NamedTuple):
    low: float | None = None
    high: float | None = None
    p: float | None = None
    detectable: float | None = None
    reason: str = ""


class _Seeds(NamedTuple):
    low: float | None = None
    high: float | None = None
    p: float | None = None
    reason: str = ""


def paired(resampled: Resampled, candidate: str, reference: str, metric: str, *, higher_is_better: bool) -> Paired:
    """Compare two methods. What can't be computed is None, with the reason; a p-value is never 0."""
    mine, theirs = (resampled.names.index(name) for name in (candidate, reference))
    by_seed = _difference(resampled.values[metric], mine, theirs)
    if not np.isfinite(by_seed).all():
        reason = f"{metric} is undefined for one of the two (one class, or an infinite loss)"
        return Paired(metric, None, None, None, None, None, None, None, None, "withheld", None, reason)
    difference, draws = float(by_seed.mean()), _difference(resampled.draws[metric], mine, theirs)
    if not by_seed.any() and not np.nan_to_num(draws).any():
        return Paired(metric, 0.0, 0.0, 0.0, 1.0, None, None, None, 1.0, "tie", None, "the two predict the same")
    users, seeds = _over_users(draws, difference, resampled.users), _over_seeds(by_seed)
    found = Paired(
        metric, difference, users.low, users.high, users.p, seeds.low, seeds.high, seeds.p, users.p,
        "withheld", users.detectable, "; ".join(filter(None, (users.reason, seeds.reason))),
    )  # fmt: skip
    return _judged(found, higher_is_better)


def adjust(comparisons: Mapping[K, Paired]) -> dict[K, Paired]:
    """Holm's step-down adjustment (1979) of the p-values over users of a family; verdicts follow it. A comparison without a
    p-value is none of the family."""
    family = sorted(
        (key for key in comparisons if comparisons[key].p is not None), key=lambda key: comparisons[key].p or 0
    )
    adjusted, largest = dict(comparisons), 0.0
    for position, key in enumerate(family):
        largest = max(largest, min(1.0, (comparisons[key].p or 0.0) * (len(family) - position)))
        adjusted[key] = _demoted(replace(comparisons[key], p_holm=largest))
    return adjusted


def _difference(figures: np.ndarray, mine: int, theirs: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # inf - inf
        return np.asarray(figures[:, mine] - figures[:, theirs])


def _over_users(draws: np.ndarray, difference: float, users: int) -> _Users:
    if users < 2:
        return _Users(reason="one user: there is no spread over users")
    known = draws[np.isfinite(draws)]
    if len(known) < len(draws) / 2:
        return _Users(reason="most resamples of users leave it undefined")
    spread = float(known.std(ddof=1))
    if spread <= 1e-12 * max(1.0, abs(difference)):
        return _Users(difference, difference, reason=_NO_SPREAD)
    wider = math.sqrt(users / (users - 1))
    tail = float(stats.norm.cdf(-wider * stats.t.ppf(1 - LEVEL / 2, users - 1)))
    low, high = np.quantile(known, [tail, 1 - tail])
    below, above = np.count_nonzero(known <= 0), np.count_nonzero(known >= 0)
    percentile = min(1.0, 2 * (1 + min(below, above)) / (len(known) + 1))
    p = float(min(1.0, 2 * stats.t.cdf(stats.norm.ppf(percentile / 2) / wider, users - 1)))
    reach = stats.t.ppf(1 - LEVEL / 2, users - 1) + stats.norm.ppf(POWER)
    return _Users(float(low), float(high), p, float(reach * wider * spread))


def _over_seeds(by_seed: np.ndarray) -> _Seeds:
    count = len(by_seed)
    if count < 2:
        return _Seeds(reason=ONE_SEED)
    mean, error = float(by_seed.mean()), float(by_seed.std(ddof=1) / math.sqrt(count))
    if error <= 1e-12 * max(1.0, abs(mean)):
        return _Seeds(reason="all seeds give the same difference")
    reach = float(stats.t.ppf(1 - LEVEL / 2, count - 1)) * error
    return _Seeds(mean - reach, mean + reach, float(2 * stats.t.sf(abs(mean) / error, count - 1)))


def _judged(found: Paired, higher_is_better: bool) -> Paired:
    """By the two intervals, before any adjustment."""
    if found.p is None or found.difference is None:
        return replace(found, verdict="withheld")
    if found.p > LEVEL:
        return replace(found, verdict="tie")
    if found.seeds_low is not None and found.seeds_high is not None and found.seeds_low <= 0 <= found.seeds_high:
        reason = "; ".join(filter(None, (found.reason, "beyond chance over users, not over seeds")))
        return replace(found, verdict="tie", reason=reason)
    return replace(found, verdict="better" if (found.difference > 0) == higher_is_better else "worse")


def _demoted(found: Paired) -> Paired:
    """A tie where the adjusted p-value says so."""
    if found.verdict in ("better", "worse") and found.p_holm is not None and found.p_holm > LEVEL:
        reason = "; ".join(filter(None, (found.reason, "not beyond chance among so many comparisons (Holm)")))
        return replace(found, verdict="tie", reason=reason)
    return found
