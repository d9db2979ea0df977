"""The difference of two methods on the same rows, and what can be said of it.

Over users: difference +- t times the standard error of the cluster bootstrap (Davison & Hinkley 1997, ch. 2.4, 3.8), with the
small-sample factor of U / (U - 1), and degrees of freedom by the effective number of users, which
keeps the coverage where
few users have most of the rows (the idea of Carter, Schnepel & Steigerwald, Rev. Econ. Stat. 2017). Over seeds: a t-interval
of the differences seed by seed. A method is better or worse where both leave 0 out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from scipy import stats

from bench.evaluate.detectable import LEVEL, Error, detectable
from bench.evaluate.holm import holm
from bench.evaluate.resampling import Resampled

__all__ = ["ONE_SEED", "Paired", "Verdict", "adjust", "paired"]

Verdict = Literal["better", "worse", "tie", "withheld"]
K = TypeVar("K", bound=Hashable)

ONE_SEED = "one seed: the spread over training is not in it"
_MOST_UNDEFINED = 0.05  # share of resamples
_ROUNDING = 1e-12  # spread below this share of the figures is none


@dataclass(frozen=True)
class Paired:
    """Candidate minus reference, mean over seeds. What is None is so for the `reason`; nothing is NaN, no p is 0."""

    metric: str
    difference: float | None
    low: float | None  # 95 % interval over users
    high: float | None
    p: float | None  # two-sided; below .05 exactly where the interval leaves 0 out, unless 1 / (resamples + 1) is more
    seeds_low: float | None  # 95 % t-interval over seeds; None with one seed
    seeds_high: float | None
    seeds_p: float | None
    p_holm: float | None  # p adjusted over a table; None before `adjust`
    verdict: Verdict
    detectable: float | None  # smallest difference, without its sign, that this run finds in 80 % of cases, before Holm
    reason: str = ""


class _Part(NamedTuple):
    """One of the two intervals."""

    low: float | None = None
    high: float | None = None
    p: float | None = None
    error: Error | None = None
    reason: str = ""

    @property
    def holds_zero(self) -> bool:
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high


def paired(resampled: Resampled, candidate: str, reference: str, metric: str, *, higher_is_better: bool) -> Paired:
    """Compare two methods by a metric. Not adjusted for other comparisons: see `adjust`.

    With one seed the verdict is by users alone, and `reason` says so. "withheld" is no tie: it can't be said."""
    mine, theirs = (resampled.names.index(name) for name in (candidate, reference))
    why = [f"{name}: {metric} undefined, {resampled.undefined[metric][name]}" for name in (candidate, reference)
           if name in resampled.undefined[metric]]  # fmt: skip
    if why:
        return _withheld(metric, None, why[0])
    by_seed = resampled.values[metric][:, mine] - resampled.values[metric][:, theirs]
    draws = resampled.draws[metric][:, mine] - resampled.draws[metric][:, theirs]
    difference, known = float(by_seed.mean()), draws[np.isfinite(draws)]
    if not by_seed.any() and not known.any():
        return Paired(metric, 0.0, 0.0, 0.0, 1.0, None, None, None, None, "tie", None, "equal in every resample")
    scale = float(np.abs(resampled.values[metric][:, [mine, theirs]]).max())
    users = _over_users(known, difference, scale, resampled)
    if users.error is None:
        return _withheld(metric, difference, users.reason)
    seeds = _over_seeds(by_seed, scale)
    return Paired(
        metric, difference, users.low, users.high, users.p, seeds.low, seeds.high, seeds.p, None,
        _verdict(difference, users, seeds, higher_is_better), detectable(users.error, seeds.error),
        _NOT_OVER_SEEDS if seeds.holds_zero and not users.holds_zero else seeds.reason,
    )  # fmt: skip


def adjust(comparisons: Mapping[K, Paired]) -> dict[K, Paired]:
    """Holm's adjustment over a table: p_holm, and verdicts that follow it (it only ever makes ties of differences). A
    comparison without a p is none of the table's."""
    tested = {key: one.p for key, one in comparisons.items() if one.p is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return {key: _after(one, adjusted[key]) if key in adjusted else one for key, one in comparisons.items()}


_NOT_OVER_SEEDS = "beyond chance over users, not over seeds"
_NOT_AFTER_HOLM = "not beyond chance among so many comparisons (Holm)"


def _withheld(metric: str, difference: float | None, reason: str) -> Paired:
    return Paired(metric, difference, None, None, None, None, None, None, None, "withheld", None, reason)


def _over_users(known: np.ndarray, difference: float, scale: float, resampled: Resampled) -> _Part:
    if resampled.users < 2:
        return _Part(reason="one user: no spread over users")
    resamples = len(next(iter(resampled.draws.values())))
    lost = 1 - len(known) / resamples
    if lost > _MOST_UNDEFINED or len(known) < 2:
        return _Part(reason=f"undefined in {lost:.0%} of the resamples of users")
    with np.errstate(over="ignore", invalid="ignore"):  # losses near the end of float64
        size = float(known.std(ddof=1)) * math.sqrt(resampled.users / (resampled.users - 1))
    if not math.isfinite(size):
        return _Part(reason="the spread over users overflows")
    if size <= _ROUNDING * scale:
        return _Part(reason="no spread: every resample of users gives the same difference")
    degrees = max(1.0, resampled.effective_users - 1)
    return _interval(difference, Error(size, degrees), least=1 / (resamples + 1))


def _over_seeds(by_seed: np.ndarray, scale: float) -> _Part:
    count = len(by_seed)
    if count < 2:
        return _Part(reason=ONE_SEED)
    size = float(by_seed.std(ddof=1)) / math.sqrt(count)
    if size <= _ROUNDING * scale:
        return _Part(reason="no spread over seeds: every seed gives the same difference")
    return _interval(float(by_seed.mean()), Error(size, count - 1), least=np.finfo(float).tiny)


def _interval(difference: float, error: Error, *, least: float) -> _Part:
    p = max(least, float(2 * stats.t.sf(abs(difference) / error.size, error.degrees)))
    return _Part(difference - error.reach, difference + error.reach, p, error)


def _verdict(difference: float, users: _Part, seeds: _Part, higher_is_better: bool) -> Verdict:
    if users.holds_zero or seeds.holds_zero or users.p is None or users.p >= LEVEL:
        return "tie"
    return "better" if (difference > 0) == higher_is_better else "worse"


def _after(one: Paired, p_holm: float) -> Paired:
    if one.verdict in ("better", "worse") and p_holm >= LEVEL:
        reason = "; ".join(filter(None, (one.reason, _NOT_AFTER_HOLM)))
        return replace(one, p_holm=p_holm, verdict="tie", reason=reason)
    return replace(one, p_holm=p_holm)
