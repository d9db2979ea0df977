"""The difference of two methods on the same rows, and what can be said of it.

Over users: difference +- t times the standard error of the cluster bootstrap (Davison & Hinkley 1997, ch. 2.4, 3.8), with the
small-sample factor of U / (U - 1), and degrees of freedom by the effective number of users, which keeps the coverage where few
users have most of the rows (the idea of Carter, Schnepel & Steigerwald, Rev. Econ. Stat. 2017). Over seeds: a t-interval of
the differences seed by seed. Of both: a t-test with the sum of the two variances, since each interval alone holds the other's
cause of error fixed. A method is better or worse where all three leave 0 out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from bench.evaluate.inference.detectable import detectable
from bench.evaluate.inference.holm import holm
from bench.evaluate.inference.resampling import Resampled
from bench.evaluate.inference.standard_error import LEVEL, StandardError
from bench.evaluate.ranges import Figure, Probability, Size

__all__ = [
    "NOT_AFTER_HOLM",
    "ONE_SEED",
    "SAME_FIGURE",
    "Paired",
    "Part",
    "Parts",
    "Verdict",
    "adjust",
    "leaves_out_zero",
    "paired",
    "parts",
]

Verdict = Literal["better", "worse", "tie", "withheld"]
K = TypeVar("K", bound=Hashable)

ONE_SEED = "one seed: the spread over training runs is unknown"
_MOST_UNDEFINED = 0.05  # share of resamples
_ROUNDING = 1e-12  # spread below this share of the figures is none
SAME_FIGURE = (
    1e-6  # a difference below this share of the figures is what float32 makes of one figure
)
_WITHIN_ROUNDING = "within rounding: less than a millionth of the figures"
_NO_SPREAD = "no spread: every resample of users gives the same difference"
_NOT_OVER_SEEDS = (
    "too large to be chance in who the test users are, but it varies so much from one training run (seed) to the next that "
    "another training may turn it around"
)
_NOT_OVER_BOTH = "too large to be chance in who the test users are, or chance in the training runs, but not to be both at once"
NOT_AFTER_HOLM = "not beyond chance among so many comparisons (Holm)"


@dataclass(frozen=True)
class Paired:
    """Candidate minus reference, mean over seeds. What is None is so for the `reason`; nothing is NaN, no p is 0."""

    metric: str
    difference: Figure | None
    low: Figure | None  # 95 % interval over users
    high: Figure | None
    # two-sided, over users; below .05 exactly where the interval leaves 0 out, unless 1 / (resamples + 1) is more
    p: Probability | None
    seeds_low: Figure | None  # 95 % t-interval over seeds; None with one seed
    seeds_high: Figure | None
    seeds_p: Probability | None
    # p_both, else p, adjusted over a table, which verdicts follow; None before `adjust`
    p_holm: Probability | None
    verdict: Verdict
    # smallest difference, without its sign, that this run finds in 80 % of cases, before Holm
    detectable: Size | None
    reason: str = ""
    # two-sided, by the spread over users and seeds together; None: p itself
    p_both: Probability | None = None

    def __post_init__(self) -> None:
        for low, high in ((self.low, self.high), (self.seeds_low, self.seeds_high)):
            if low is not None and high is not None and low - high > _ROUNDING * abs(low):
                raise ValueError(f"an interval from {low} to {high} does not ascend")


class Part(NamedTuple):
    """What one cause of error says, or why it says nothing."""

    error: StandardError | None
    reason: str = ""


class Parts(NamedTuple):
    """A difference, mean over seeds, by the causes of its error."""

    by_seed: np.ndarray  # (S,) candidate minus reference
    scale: float  # of the figures: the largest, without its sign
    users: Part
    seeds: Part

    @property
    def difference(self) -> float:
        return float(self.by_seed.mean())

    @property
    def same(self) -> bool:
        """Whether no resample of users and no seed tells the two apart."""
        alike = np.abs(self.by_seed).max() <= SAME_FIGURE * self.scale
        return self.users.reason == _NO_SPREAD and bool(alike)


def parts(resampled: Resampled, candidate: str, reference: str, metric: str) -> Parts:
    """Of two methods that have a value of the metric in every seed."""
    mine, theirs = (resampled.names.index(name) for name in (candidate, reference))
    by_seed = resampled.values[metric][:, mine] - resampled.values[metric][:, theirs]
    draws = resampled.draws[metric][:, mine] - resampled.draws[metric][:, theirs]
    scale = float(np.abs(resampled.values[metric][:, [mine, theirs]]).max())
    return Parts(by_seed, scale, _over_users(draws, scale, resampled), _over_seeds(by_seed, scale))


def paired(resampled: Resampled, candidate: str, reference: str, metric: str) -> Paired:
    """Compare two methods by a metric. Not adjusted for other comparisons: see `adjust`.

    With one seed the verdict is by users alone, and `reason` says so. "withheld" is no tie: it can't be said."""
    for name in (candidate, reference):
        if name in resampled.undefined[metric]:
            return _withheld(metric, None, f"{name}: {resampled.undefined[metric][name]}")
    of = parts(resampled, candidate, reference, metric)
    difference, users, seeds = of.difference, of.users, of.seeds
    if metric in resampled.untested:
        return _withheld(metric, difference, resampled.untested[metric])
    if users.error is None:
        return _equal(metric) if of.same else _withheld(metric, difference, users.reason)
    found = _tested(
        metric,
        difference,
        users.error,
        seeds,
        1 / (len(resampled.draws[metric]) + 1),
        resampled.higher_is_better[metric],
    )
    same = abs(difference) <= SAME_FIGURE * of.scale and found.verdict != "tie"
    return replace(found, verdict="tie", reason=_WITHIN_ROUNDING) if same else found


def adjust(comparisons: Mapping[K, Paired]) -> dict[K, Paired]:
    """Holm's adjustment over a table: p_holm, and verdicts that follow it (it only ever makes ties of differences).

    A comparison without a p counts as one: whether a p can be had hangs on the same rows, so that a family without it would
    be chosen by what was seen. It has no p_holm."""
    adjusted = holm([1.0 if (p := _p(one)) is None else p for one in comparisons.values()])
    return {
        key: one if _p(one) is None else _adjusted(one, p_holm)
        for (key, one), p_holm in zip(comparisons.items(), adjusted, strict=True)
    }


def _p(one: Paired) -> float | None:
    """By users and seeds together where there is one, else by users."""
    return one.p if one.p_both is None else one.p_both


def leaves_out_zero(one: Paired) -> bool:
    """Whether the interval over users does; a tie's may, since a verdict asks for more."""
    return one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)


def _over_users(draws: np.ndarray, scale: float, resampled: Resampled) -> Part:
    if resampled.users < 2:
        return Part(None, "one user: no spread over users")
    known = draws[np.isfinite(draws)]
    lost = 1 - len(known) / len(draws)
    if lost > _MOST_UNDEFINED or len(known) < 2:
        return Part(None, _too_often_undefined(lost, resampled.users))
    with np.errstate(over="ignore", invalid="ignore"):  # losses near the end of float64
        size = float(known.std(ddof=1)) * math.sqrt(resampled.users / (resampled.users - 1))
    if not math.isfinite(size):
        return Part(
            None,
            "the spread over users overflows: a loss is near the end of float64; look at the largest logits",
        )
    if size <= _ROUNDING * scale:
        return Part(None, _NO_SPREAD)
    return Part(StandardError(size, max(1.0, resampled.effective_users - 1)))


def _too_often_undefined(lost: float, users: int) -> str:
    """A resample of U users misses those who make the metric defined, a share q of them all, with probability (1 - q)^U. So
    the number that would do is to U as the logarithm of the share allowed is to that of the share lost."""
    few = (
        f"undefined in {lost:.0%} of the resamples of users, of which {_MOST_UNDEFINED:.0%} may be"
    )
    what = f"{few}: too few of the {users:,} test users have rows by which it is defined (AUC: of the rarer label)"
    if not 0 < lost < 1:
        return f"{what}; give it more of them"
    needed = math.ceil(users * math.log(_MOST_UNDEFINED) / math.log(lost))
    return f"{what}; about {max(users + 1, needed):,} test users like these would do"


def _over_seeds(by_seed: np.ndarray, scale: float) -> Part:
    if len(by_seed) < 2:
        return Part(None, ONE_SEED)
    with np.errstate(over="ignore", invalid="ignore"):
        size = float(by_seed.std(ddof=1)) / math.sqrt(len(by_seed))
    if size <= _ROUNDING * scale:
        return Part(None, "no spread over seeds: every seed gives the same difference")
    return Part(StandardError(size, len(by_seed) - 1))


def _tested(
    metric: str,
    difference: float,
    users: StandardError,
    seeds: Part,
    least: float,
    higher_is_better: bool,
) -> Paired:
    low, high = users.interval(difference)
    over_seeds, both = seeds.error, users if seeds.error is None else users.with_other(seeds.error)
    seeds_low, seeds_high = over_seeds.interval(difference) if over_seeds else (None, None)
    seeds_p = over_seeds.p(difference, np.finfo(float).tiny) if over_seeds else None
    found, reason = _found(
        users.p(difference, least), seeds_p, both.p(difference, least), seeds.reason
    )
    verdict: Verdict = "better" if (difference > 0) == higher_is_better else "worse"
    return Paired(
        metric, difference, low, high, users.p(difference, least), seeds_low, seeds_high, seeds_p, None,
        verdict if found else "tie", detectable(users, over_seeds), reason, both.p(difference, least),
    )  # fmt: skip


def _found(p: float, seeds_p: float | None, p_both: float, reason: str) -> tuple[bool, str]:
    """Whether all that is known leaves 0 out, and what is to be said."""
    if p >= LEVEL:
        return False, reason
    if seeds_p is not None and seeds_p >= LEVEL:
        return False, _NOT_OVER_SEEDS
    return (True, reason) if p_both < LEVEL else (False, _NOT_OVER_BOTH)


def _adjusted(one: Paired, p_holm: float) -> Paired:
    if one.verdict in ("better", "worse") and p_holm >= LEVEL:
        reason = "; ".join(filter(None, (one.reason, NOT_AFTER_HOLM)))
        return replace(one, p_holm=p_holm, verdict="tie", reason=reason)
    return replace(one, p_holm=p_holm)


def _equal(metric: str) -> Paired:
    reason = "equal in every resample of users"
    return Paired(metric, 0.0, 0.0, 0.0, 1.0, None, None, None, None, "tie", None, reason)


def _withheld(metric: str, difference: float | None, reason: str) -> Paired:
    return Paired(
        metric, difference, None, None, None, None, None, None, None, "withheld", None, reason
    )
