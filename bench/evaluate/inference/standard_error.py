"""A standard error with its degrees of freedom, and the t-test that it gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy

__all__ = ["LEVEL", "StandardError", "t_quantile"]

LEVEL = 0.05


class StandardError(NamedTuple):
    """Of a difference."""

    size: float  # above 0
    degrees: float  # of freedom, at least 1

    @property
    def quantile(self) -> float:
        """Standard errors from the difference to the end of its 95 % interval."""
        return float(t_quantile(self.degrees))

    def interval(self, difference: float) -> tuple[float, float]:
        """95 %."""
        return difference - self.quantile * self.size, difference + self.quantile * self.size

    def p(self, difference: float, least: float) -> float:
        """Two-sided; never below `least`."""
        return max(
            least, 2 * float(scipy.special.stdtr(self.degrees, -abs(difference) / self.size))
        )

    def p_above(self, difference: float, bound: float) -> float:
        """Of a difference that is at most the bound, one-sided and doubled: below LEVEL exactly where the 95 % interval lies
        above the bound. Never 0."""
        one_sided = float(scipy.special.stdtr(self.degrees, -(difference - bound) / self.size))
        return min(1.0, max(np.finfo(float).tiny, 2 * one_sided))

    def with_other(self, other: StandardError) -> StandardError:
        """Of a difference that errs by two independent causes; degrees of freedom by Satterthwaite (Biometrics 1946)."""
        mine, theirs = self.size**2, other.size**2
        degrees = (mine + theirs) ** 2 / (mine**2 / self.degrees + theirs**2 / other.degrees)
        return StandardError((mine + theirs) ** 0.5, degrees)


def t_quantile(degrees: float | np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Half of the 95 % interval in standard errors (scipy.stats gives the same, many times slower)."""
    return np.asarray(scipy.special.stdtrit(degrees, 1 - level / 2))
