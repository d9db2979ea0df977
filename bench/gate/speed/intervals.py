"""How much slower, and how sure: log ratios of a few launches with a few blocks each.

A process keeps its luck (where its memory lies, which pages it got) for as long as it lives, so that launches count and not
blocks. The interval resamples launches and, within them, blocks (Kalibera and Jones, ISMM 2013). Of 5 launches with 3 blocks
it holds the truth in about 95 % of cases (benchmarks/gate_simulation.py). So few can't tell small probabilities apart by
resampling. Those are Student's, of the launches' medians: one launch gone astray makes them larger, never smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

__all__ = ["FEWEST", "Estimate", "paired_estimate", "unpaired_estimate"]

FEWEST = (
    5  # launches of a side: the range of 5 holds their median in 94 % of cases, that of 4 in 88 %
)
_RESAMPLES = 4000
_LEVELS = (0.025, 0.975)


class Estimate(NamedTuple):
    """Of log(candidate / base), above 0 slower: the median, its 95 % interval, and the mean of launches with its standard
    error and degrees of freedom."""

    median: float
    low: float
    high: float
    mean: float
    error: float
    freedom: float
    launches: int

    def p_at_most(self, log_margin: float) -> float:
        """That the true change is at most this."""
        return _tail(self.mean - log_margin, self.error, self.freedom)

    def p_at_least(self, log_margin: float) -> float:
        """That it is at least this."""
        return _tail(log_margin - self.mean, self.error, self.freedom)


def paired_estimate(ratios: Sequence[np.ndarray], seed: int = 0) -> Estimate:
    """`ratios`: for each launch, (blocks,) log ratios of blocks that ran one after the other."""
    generator = np.random.default_rng(seed)
    medians = np.array([np.median(of_launch) for of_launch in ratios])  # (K,)
    drawn = np.median(_resampled(ratios, generator), axis=1)
    low, high = np.quantile(drawn, _LEVELS)
    error = _standard_error(medians)
    return Estimate(
        median=float(np.median(medians)),
        low=float(low),
        high=float(high),
        mean=float(medians.mean()),
        error=error,
        freedom=len(medians) - 1,
        launches=len(medians),
    )


def unpaired_estimate(base: np.ndarray, candidate: np.ndarray, seed: int = 0) -> Estimate:
    """`base`, `candidate`: (launches,) logs of seconds, of processes that knew nothing of each other (Welch 1947). In any
    order they say the same."""
    generator = np.random.default_rng(seed)
    sides = [np.sort(base), np.sort(candidate)]
    drawn = [np.median(_redrawn(side, generator), axis=1) for side in sides]
    launches = min(len(side) for side in sides)
    low, high = np.quantile(drawn[1] - drawn[0], _LEVELS)
    errors = [_standard_error(side) for side in sides]
    medians, means = [float(np.median(side)) for side in sides], [side.mean() for side in sides]
    return Estimate(
        median=medians[1] - medians[0],
        low=float(low),
        high=float(high),
        mean=float(means[1] - means[0]),
        error=float(np.hypot(errors[0], errors[1])),
        freedom=_welch(errors, [len(side) for side in sides]),
        launches=launches,
    )


def _resampled(ratios: Sequence[np.ndarray], generator: np.random.Generator) -> np.ndarray:
    """(R, K): medians of resampled blocks, of resampled launches."""
    launches = len(ratios)
    of_launch = np.stack(
        [np.median(_redrawn(blocks, generator), axis=1) for blocks in ratios]
    )  # (K, R)
    launch = generator.integers(launches, size=(_RESAMPLES, launches))
    # a launch that is drawn twice has other blocks each time
    redraw = generator.integers(_RESAMPLES, size=(_RESAMPLES, launches))
    return np.asarray(of_launch[launch, redraw])


def _redrawn(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(R, n)"""
    return np.asarray(values[generator.integers(len(values), size=(_RESAMPLES, len(values)))])


def _standard_error(values: np.ndarray) -> float:
    """Infinite where one value tells nothing of it."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")


def _welch(errors: Sequence[float], launches: Sequence[int]) -> float:
    """Degrees of freedom (Welch 1947)."""
    squares = np.square(errors)
    if min(launches) < 2 or squares.sum() == 0:
        return float(max(1, min(launches) - 1))
    return float(squares.sum() ** 2 / sum(squares**2 / (np.array(launches) - 1)))


def _tail(excess: float, error: float, freedom: float) -> float:
    """Student's upper tail; of figures that never vary, whether there is an excess."""
    if error == 0:
        return float(excess <= 0)
    return float(stats.t.sf(excess / error, max(freedom, 1)))
