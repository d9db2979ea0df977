"""What a run could have found at all: the smallest difference that its users and seeds tell from 0."""

from __future__ import annotations

import numpy as np
import scipy  # whose parts load when they are used: a report uses none

from bench.evaluate.inference.standard_error import StandardError, t_quantile

__all__ = ["POWER", "detectable", "power"]

POWER = 0.8
_STEPS = 48  # of the integral over each standard error


def detectable(users: StandardError, seeds: StandardError | None = None) -> float:
    """The difference, without its sign, that is found with a probability of POWER, at LEVEL, two-sided, where the standard
    errors are what they were estimated to be. users.size > 0."""
    widths, spread = _widths(users, seeds), _spread(users, seeds)
    upper = 1.0
    while _found(upper * spread, widths, spread) < POWER:
        upper *= 2
    root = scipy.optimize.brentq(
        lambda share: _found(share * spread, widths, spread) - POWER, 0.0, upper, rtol=1e-6
    )
    return spread * float(root)


def power(difference: float, users: StandardError, seeds: StandardError | None = None) -> float:
    """Probability that a true `difference` is found, by every interval that a verdict asks for. The estimate is normal about
    the truth, with the variance of users and seeds; an interval is as wide as its estimated standard error, a scaled chi
    variable, makes it."""
    return _found(difference, _widths(users, seeds), _spread(users, seeds))


def _found(difference: float, widths: np.ndarray, spread: float) -> float:
    found = scipy.special.ndtr((difference - widths) / spread) + scipy.special.ndtr(
        (-difference - widths) / spread
    )
    return float(found.mean())


def _spread(users: StandardError, seeds: StandardError | None) -> float:
    return users.size if seeds is None else float(np.hypot(users.size, seeds.size))


def _widths(users: StandardError, seeds: StandardError | None) -> np.ndarray:
    """Equally probable half widths of the widest interval, which has to leave 0 out."""
    of_users = _sizes(users)
    widths = of_users * users.quantile
    if seeds is None:
        return np.asarray(widths)
    of_users, of_seeds = of_users[:, None] ** 2, _sizes(seeds) ** 2
    degrees = (of_users + of_seeds) ** 2 / (
        of_users**2 / users.degrees + of_seeds**2 / seeds.degrees
    )
    both = np.sqrt(of_users + of_seeds) * t_quantile(degrees)
    return np.asarray(
        np.maximum(np.maximum(widths[:, None], np.sqrt(of_seeds) * seeds.quantile), both)
    )


def _sizes(error: StandardError) -> np.ndarray:
    """(_STEPS,) equally probable estimates of a standard error."""
    squares = (
        2
        / error.degrees
        * scipy.special.gammaincinv(error.degrees / 2, (np.arange(_STEPS) + 0.5) / _STEPS)
    )  # chi^2 / f
    return np.asarray(error.size * np.sqrt(squares))
