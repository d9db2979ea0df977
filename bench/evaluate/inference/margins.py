"""Is a figure worse by more than a margin, beyond chance? A difference with three 95 % intervals, over users, over seeds, and
over both (bench.evaluate.inference.paired), is worse by more where all three lie beyond the margin, and is not where all three
end before it: what holds is what the widest says. (Schuirmann, J. Pharmacokinet. Biopharm. 1987: such tests of two sides need
no adjustment for one another.)"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bench.evaluate.inference.paired import Parts
from bench.evaluate.inference.standard_error import LEVEL, StandardError, t_quantile

__all__ = ["Worsening", "settling", "worsening"]

_MOST_SEEDS = 100


class Worsening(NamedTuple):
    """Above 0 is worse. `low`, `high`: the widest of the 95 % intervals. `p_beyond`: that the change is at most the margin;
    `p_better`: that it is no improvement; both one-sided and doubled, below .05 where the interval says so, not adjusted."""

    change: float
    low: float
    high: float
    p_beyond: float
    p_better: float
    users: StandardError
    seeds: StandardError | None


def worsening(found: Parts, margin: float, *, higher_is_better: bool) -> Worsening:
    """Of a difference whose spread over users is known."""
    assert found.users.error is not None, "a spread over users"
    change = -found.difference if higher_is_better else found.difference
    users, seeds = found.users.error, found.seeds.error
    errors = [users] if seeds is None else [users, seeds, users.with_other(seeds)]
    intervals = [error.interval(change) for error in errors]
    return Worsening(
        change,
        min(low for low, _ in intervals),
        max(high for _, high in intervals),
        max(error.p_above(change, margin) for error in errors),
        max(error.p_above(-change, 0.0) for error in errors),
        users,
        seeds,
    )


def settling(one: Worsening, margin: float, users: int, seeds: int, level: float = LEVEL) -> str:
    """What would settle it at these spreads: `7 seeds`, `about 2,400 test users`. An interval settles it where its half is no
    more than the distance from the change to the margin; or than the margin itself, where the change is nearer to it by what
    may be chance. `level`: asked for, below LEVEL where many figures are judged."""
    wanted = max(abs(one.change - margin), margin)
    if wanted == 0:
        return "no number of users or seeds would settle it: the change is the margin, which is 0"
    if one.seeds is not None:
        spread = one.seeds.size * math.sqrt(seeds)  # of a seed
        for more in range(seeds + 1, _MOST_SEEDS + 1):
            of_more = StandardError(spread / math.sqrt(more), more - 1)
            if _half_width(one.users, of_more, level) <= wanted:
                return f"{more} seeds would settle it at this spread (there are {seeds})"
    of_users = _of(one.users, level)
    if of_users <= wanted:
        return f"more than {_MOST_SEEDS} seeds would be needed at this spread (there are {seeds})"
    needed = _two_digits(users * (of_users / wanted) ** 2)
    too_few = one.seeds is not None and _of(one.seeds, level) > wanted
    more_seeds = " and more seeds" if too_few else ""
    return f"about {needed:,} test users{more_seeds} would settle it (there are {users:,})"


def _half_width(users: StandardError, seeds: StandardError, level: float) -> float:
    every = (users, seeds, users.with_other(seeds))
    return max(_of(error, level) for error in every)


def _of(error: StandardError, level: float) -> float:
    return error.size * float(t_quantile(error.degrees, level))


def _two_digits(number: float) -> int:
    """Rounded up."""
    step = 10.0 ** max(0, math.floor(np.log10(number)) - 1)
    return int(math.ceil(number / step) * step)
