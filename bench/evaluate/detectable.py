"""What a run could have found at all: the smallest difference that its users and seeds tell from 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

__all__ = ["LEVEL", "POWER", "Error", "detectable", "power"]

LEVEL, POWER = 0.05, 0.8
_STEPS = 200  # of the integral over each standard error


class Error(NamedTuple):
    """Standard error of a difference, and the degrees of freedom that it was estimated with."""

    size: float
    degrees: float

    @property
    def reach(self) -> float:
        """Half of the 95 % t-interval."""
        return float(stats.t.ppf(1 - LEVEL / 2, self.degrees)) * self.size


def detectable(users: Error, seeds: Error | None = None) -> float:
    """The difference, without its sign, that is found with a probability of POWER, at LEVEL, two-sided, where the standard
    errors are what they were estimated to be. users.size > 0."""
    unit = users.reach + (seeds.reach if seeds else 0.0)
    upper = 1.0
    while power(upper * unit, users, seeds) < POWER:
        upper *= 2
    return unit * float(optimize.brentq(lambda share: power(share * unit, users, seeds) - POWER, 0.0, upper))


def power(difference: float, users: Error, seeds: Error | None = None) -> float:
    """Probability that a true `difference` is found: that the interval over users, and with several seeds the one over seeds
    too, leave 0 out. The estimate is normal about the truth, with the variance of both; each interval is as wide as an
    estimated standard error, a scaled chi variable, makes it."""
    widths, spread = _widths(users), users.size
    if seeds is not None:
        widths = np.maximum(widths[:, None], _widths(seeds))  # 0 has to be left out by the wider one
        spread = float(np.hypot(users.size, seeds.size))
    found = stats.norm.cdf((difference - widths) / spread) + stats.norm.cdf((-difference - widths) / spread)
    return float(found.mean())


def _widths(error: Error) -> np.ndarray:
    """(_STEPS,) equally probable half widths of the interval."""
    squares = stats.chi2.ppf((np.arange(_STEPS) + 0.5) / _STEPS, error.degrees) / error.degrees
    return np.asarray(error.reach * np.sqrt(squares))
