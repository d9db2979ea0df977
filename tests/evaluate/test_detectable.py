"""The smallest detectable difference, by its definition: drawn runs with that difference are found in 80 % of cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.evaluate.inference.detectable import POWER, detectable, power
from bench.evaluate.inference.standard_error import StandardError

USERS = [StandardError(0.01, 500), StandardError(3.0, 8)]


def drawn_power(
    difference: float, users: StandardError, seeds: StandardError | None, runs: int = 40_000
) -> float:
    """Estimate and standard errors drawn; then the tests as they are made of a run."""
    rng = np.random.default_rng(0)
    spread = 0.0 if seeds is None else seeds.size
    estimate = difference + rng.normal(0, users.size, runs) + rng.normal(0, 1, runs) * spread
    of_users = users.size * np.sqrt(rng.chisquare(users.degrees, runs) / users.degrees)
    found = 2 * stats.t.sf(np.abs(estimate) / of_users, users.degrees) < 0.05
    if seeds is not None:
        of_seeds = seeds.size * np.sqrt(rng.chisquare(seeds.degrees, runs) / seeds.degrees)
        found &= 2 * stats.t.sf(np.abs(estimate) / of_seeds, seeds.degrees) < 0.05
        variance = of_users**2 + of_seeds**2
        degrees = variance**2 / (of_users**4 / users.degrees + of_seeds**4 / seeds.degrees)
        found &= 2 * stats.t.sf(np.abs(estimate) / np.sqrt(variance), degrees) < 0.05
    return float(found.mean())


@pytest.mark.parametrize("users", USERS)
@pytest.mark.parametrize("share", [None, 0.01, 0.5, 2.0])
def test_a_run_with_that_difference_is_found_in_80_percent(
    users: StandardError, share: float | None
) -> None:
    seeds = None if share is None else StandardError(share * users.size, 2)
    smallest = detectable(users, seeds)
    assert power(smallest, users, seeds) == pytest.approx(POWER, abs=1e-4)
    assert drawn_power(smallest, users, seeds) == pytest.approx(POWER, abs=0.01)


def test_with_many_users_it_is_the_textbook_figure() -> None:
    expected = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert detectable(StandardError(1.0, 1e7)) == pytest.approx(expected, rel=1e-3)


def test_it_scales_with_the_error_and_seeds_only_make_it_larger() -> None:
    users, seeds = StandardError(1.0, 40), StandardError(0.3, 4)
    assert detectable(StandardError(1e-9, 40), StandardError(0.3e-9, 4)) == pytest.approx(
        1e-9 * detectable(users, seeds)
    )
    assert detectable(users) < detectable(users, seeds) < detectable(users, StandardError(0.3, 2))


def test_without_a_difference_the_power_is_the_level() -> None:
    assert power(0.0, StandardError(1.0, 30)) == pytest.approx(0.05, abs=2e-3)
