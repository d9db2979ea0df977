"""A ratio of seconds, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

__all__ = ["Ratio", "ratio"]


class Ratio(NamedTuple):
    """`low` and `high`: 95 % interval; None where there is one round alone."""

    value: float
    low: float | None
    high: float | None


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Seconds of theirs by ours, a pair a round: the geometric mean, and a t-interval of its logarithm, so that what slows the
    machine for a whole round cancels. ValueError where they are not as many, or not above 0."""
    if len(theirs) != len(ours) or not len(ours):
        raise ValueError(f"{len(theirs)} and {len(ours)} rounds are no pairs")
    if min(*theirs, *ours) <= 0:
        raise ValueError("seconds that are not above 0 have no ratio")
    logs = np.log(np.asarray(theirs, float) / np.asarray(ours, float))
    middle, rounds = float(logs.mean()), len(logs)
    if rounds == 1:
        return Ratio(float(np.exp(middle)), None, None)
    half = float(stats.t.ppf(0.975, rounds - 1) * logs.std(ddof=1) / np.sqrt(rounds))
    return Ratio(*(float(np.exp(value)) for value in (middle, middle - half, middle + half)))
