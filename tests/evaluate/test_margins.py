"""Worse by more than a margin: the three intervals, and the number of seeds or users that would settle it."""

from __future__ import annotations

import re

import pytest

from bench.evaluate.inference.margins import Worsening, settling
from bench.evaluate.inference.standard_error import LEVEL, StandardError, t_quantile

MARGIN = 1e-3


def found(change: float, users: float, seeds: float | None = None, n_seeds: int = 3) -> Worsening:
    """With standard errors of this size, over 200 users and so many seeds."""
    of_seeds = None if seeds is None else StandardError(seeds, n_seeds - 1)
    return Worsening(change, 0, 0, 1, 1, StandardError(users, 199), of_seeds)


def half_width(users: float, spread: float, n_seeds: int, level: float = LEVEL) -> float:
    """The widest of the three intervals with so many seeds. `spread`: of one seed."""
    own = StandardError(users, 199)
    seeds = StandardError(spread / n_seeds**0.5, n_seeds - 1)
    return max(
        float(t_quantile(one.degrees, level)) * one.size
        for one in (own, seeds, own.with_other(seeds))
    )


@pytest.mark.parametrize("change", [0.0, 3e-3])
@pytest.mark.parametrize("level", [LEVEL, LEVEL / 40])
def test_the_seeds_that_are_named_are_the_fewest_that_settle_it(
    change: float, level: float
) -> None:
    users, spread = 1e-4, 1.5e-3
    told = settling(found(change, users, spread / 3**0.5), MARGIN, 200, 3, level)
    said = re.fullmatch(r"(\d+) seeds would settle it at this spread \(there are 3\)", told)
    assert said is not None, told
    number = int(said[1])
    wanted = max(abs(change - MARGIN), MARGIN)
    assert half_width(users, spread, number, level) <= wanted
    assert half_width(users, spread, number - 1, level) > wanted


def test_users_are_named_where_no_seed_helps() -> None:
    steady, varied = (settling(found(0.0, 4e-3, seeds), MARGIN, 200, 3) for seeds in (1e-4, 1e-3))
    # 200 * (1.97 * 4)^2 = 12,400, rounded up
    assert steady == "about 13,000 test users would settle it (there are 200)"
    assert varied == "about 13,000 test users and more seeds would settle it (there are 200)"


def test_a_change_that_is_near_the_margin_by_chance_asks_for_no_absurd_number() -> None:
    at, near = (settling(found(c, 4e-3), MARGIN, 200, 1) for c in (MARGIN, 1.001 * MARGIN))
    assert at == near == "about 13,000 test users would settle it (there are 200)"


def test_many_seeds_are_too_many_to_name() -> None:
    told = settling(found(0.0, 1e-4, 1e-2), MARGIN, 200, 3)
    assert told.startswith("more than 100 seeds would be needed at this spread (there are ")


def test_a_margin_of_0_that_is_met_can_not_be_settled() -> None:
    assert "no number of users or seeds" in settling(found(0.0, 1e-3), 0.0, 200, 1)
