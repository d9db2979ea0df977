"""Ranks over data sets, beside the published example and scipy.stats."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats

from bench.evaluate import LEVEL, rank_test, tied_ranks

# Demšar (JMLR 2006), table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets. On "voting" the paper ranks two that
# print as .975 second and third, so that one is taken to be larger.
AUC = np.array([
    [.763, .768, .771, .798], [.599, .591, .590, .569], [.954, .971, .968, .967], [.628, .661, .654, .657],
    [.882, .888, .886, .898], [.936, .931, .916, .931], [.661, .668, .609, .685], [.583, .583, .563, .625],
    [.775, .838, .866, .875], [1.00, 1.00, 1.00, 1.00], [.940, .962, .965, .962], [.619, .666, .614, .669],
    [.972, .981, .9751, .975], [.957, .978, .946, .970],
])  # fmt: skip
PUBLISHED = np.array([tied_ranks(-row) for row in AUC])  # (14, 4)
TIED = 3 * (2**3 - 2) + (4**3 - 4)  # sum of t^3 - t over ties: three pairs and one of all four


def random_ranks(n: int, k: int, seed: int, values: int = 1000) -> np.ndarray:
    """(n, k); few `values` make many ties."""
    draw = np.random.default_rng(seed)
    return np.array([tied_ranks(row) for row in draw.integers(values, size=(n, k))])


def test_the_published_example_has_its_published_figures() -> None:
    found = rank_test(PUBLISHED)
    assert PUBLISHED.mean(axis=0) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    without_correction = found.chi2 * (1 - TIED / (14 * 4 * (4**2 - 1)))
    assert without_correction == pytest.approx(9.28, abs=0.01)
    assert 13 * without_correction / (14 * 3 - without_correction) == pytest.approx(3.69, abs=0.01)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert found.f_p < LEVEL
    assert found.p < LEVEL
    assert found.groups == ((0, 3),)  # 3.143 - 1.964 is less than 1.25


@pytest.mark.parametrize("values", [2, 5, 1000])
def test_ranks_and_statistics_are_those_of_scipy(values: int) -> None:
    for seed in range(5):
        figures = np.random.default_rng(seed).integers(values, size=(9, 5)).astype(float)
        ranks = np.array([tied_ranks(row) for row in figures])
        assert ranks == pytest.approx(scipy.stats.rankdata(figures, axis=1), abs=0)
        found = rank_test(ranks)
        chi2 = scipy.stats.friedmanchisquare(*figures.T).statistic
        assert found.chi2 == pytest.approx(chi2, rel=1e-12)
        assert found.f == pytest.approx(8 * chi2 / (9 * 4 - chi2), rel=1e-12)
        assert found.f_p == pytest.approx(scipy.stats.f.sf(found.f, 4, 4 * 8), rel=1e-9)


@pytest.mark.parametrize("methods", [2, 3, 4, 10, 31, 100])
def test_the_critical_difference_is_of_the_studentized_range(methods: int) -> None:
    quantile = scipy.stats.studentized_range.ppf(1 - LEVEL, methods, np.inf)
    expected = quantile / 2**0.5 * (methods * (methods + 1) / (6 * 7)) ** 0.5
    found = rank_test(random_ranks(7, methods, seed=0))
    assert found.critical_difference == pytest.approx(expected, rel=1e-8)


def p_of_all_permutations(ranks: np.ndarray) -> float:
    """By a loop over all of them."""

    def statistic(table: np.ndarray) -> float:
        return float(((table.sum(axis=0) - len(table) * (table.shape[1] + 1) / 2) ** 2).sum())

    every = [list(itertools.permutations(row)) for row in ranks[1:]]
    statistics = [statistic(np.array([ranks[0], *rest])) for rest in itertools.product(*every)]
    return float(np.mean(np.array(statistics) >= statistic(ranks)))


@pytest.mark.parametrize(
    ("n", "k", "values"), [(2, 2, 9), (5, 2, 9), (3, 3, 9), (2, 5, 3), (4, 3, 2)]
)
def test_p_counts_the_permutations(n: int, k: int, values: int) -> None:
    for seed in range(3):
        ranks = random_ranks(n, k, seed, values)
        assert rank_test(ranks).p == pytest.approx(p_of_all_permutations(ranks), abs=1e-12)


@pytest.mark.parametrize("values", [3, 1000])
def test_p_of_many_permutations_is_drawn(values: int) -> None:
    ranks = random_ranks(4, 4, 3, values)  # 13,824 permutations, more than are counted
    assert rank_test(ranks).p == pytest.approx(p_of_all_permutations(ranks), abs=0.015)


@pytest.mark.parametrize("datasets", [2, 5])
def test_few_data_sets_that_agree_are_no_evidence(datasets: int) -> None:
    """On the order of two methods, five agree in one of 16 cases, two in half. F has no bound there, and its p is 0."""
    found = rank_test(np.array([[1.0, 2.0]] * datasets))
    assert found.p == found.least_p == 2.0 ** (1 - datasets)
    assert found.f is None
    assert found.f_p == 0
    assert found.groups == ((0, 1),)


@pytest.mark.parametrize(("n", "k"), [(2, 2), (5, 2), (2, 4), (3, 3), (6, 8), (60, 40)])
def test_the_least_p_is_that_of_data_sets_that_agree(n: int, k: int) -> None:
    agreeing = rank_test(np.tile(np.arange(1.0, k + 1), (n, 1)))
    assert agreeing.p == pytest.approx(agreeing.least_p, rel=1e-9)


@pytest.mark.parametrize("values", [3, 1000])
def test_neither_the_order_of_methods_nor_that_of_data_sets_matters(values: int) -> None:
    ranks = random_ranks(8, 6, 4, values)
    draw = np.random.default_rng(0)
    for _ in range(3):
        other = ranks[draw.permutation(8)][:, draw.permutation(6)]
        assert rank_test(other) == rank_test(ranks)


def test_ranks_from_the_other_end_tell_the_same_apart() -> None:
    draw = np.random.default_rng(5)
    ranks = np.array([tied_ranks(np.arange(7) + draw.normal(0, 1.5, 7)) for _ in range(12)])
    there, back = rank_test(ranks), rank_test(8 - ranks)
    assert back.chi2 == there.chi2
    assert back.p == there.p
    assert [(6 - last, 6 - first) for first, last in reversed(back.groups)] == list(there.groups)
    assert len(there.groups) > 1


def maximal_sets(means: np.ndarray, distance: float) -> set[tuple[int, ...]]:
    """Of all sets of two methods and more, those in which all are nearer than `distance` and that no other such set holds."""
    order = np.sort(means)
    near = [
        set(some)
        for size in range(2, len(order) + 1)
        for some in itertools.combinations(range(len(order)), size)
        if order[max(some)] - order[min(some)] < distance
    ]
    return {tuple(sorted(some)) for some in near if not any(some < other for other in near)}


@pytest.mark.parametrize("seed", range(6))
def test_groups_are_the_maximal_sets_that_are_not_told_apart(seed: int) -> None:
    draw = np.random.default_rng(seed)
    ranks = np.array([tied_ranks(np.arange(8) + draw.normal(0, 1.5, 8)) for _ in range(20)])
    found = rank_test(ranks)
    assert found.p < LEVEL
    assert len(found.groups) > 1
    expected = maximal_sets(ranks.mean(axis=0), found.critical_difference)
    assert {tuple(range(first, last + 1)) for first, last in found.groups} == expected


def test_who_is_told_apart_from_all_is_in_no_group() -> None:
    ranks = np.array([[1.0, 2.0 + place % 2, 3.0 - place % 2] for place in range(40)])
    assert rank_test(ranks).groups == ((1, 2),)


def test_where_chance_is_not_ruled_out_all_are_one_group() -> None:
    """Nemenyi's difference alone would tell the first from the last: 1.50, with a critical difference of 1.483."""
    ranks = random_ranks(10, 4, seed=21)
    found = rank_test(ranks)
    assert found.p > LEVEL
    assert np.ptp(ranks.mean(axis=0)) > found.critical_difference
    assert found.groups == ((0, 3),)


def test_data_sets_that_are_one_tie_each_show_nothing() -> None:
    found = rank_test(np.full((6, 5), 3.0))
    assert (found.chi2, found.f, found.f_p, found.p) == (0.0, 0.0, 1.0, 1.0)
    assert found.groups == ((0, 4),)


def test_a_nan_is_not_ranked() -> None:
    with pytest.raises(ValueError, match="NaN"):
        tied_ranks(np.array([0.1, np.nan, 0.2]))


def test_a_table_without_a_difference_shows_one_in_at_most_a_twentieth() -> None:
    """400 tables of chance: 20 are expected at most, and 30 are beyond two standard errors of that."""
    told_apart = sum(rank_test(random_ranks(5, 3, seed)).groups != ((0, 2),) for seed in range(400))
    assert 0 < told_apart <= 30
