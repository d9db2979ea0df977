"""Methods over several data sets, by their ranks: Friedman's test and Nemenyi's critical difference (Demšar, JMLR 2006)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import scipy

from bench.evaluate.inference.standard_error import LEVEL

__all__ = ["RankTest", "rank_test", "tied_ranks"]

_DRAWS = 9_999  # so that the smallest p is 1 in 10,000
_STANDARD_NORMAL = np.linspace(-9.0, 9.0, 1_201)  # beyond it no density is left
_WIDEST = 30.0  # of the range of any number of standard normals


@dataclass(frozen=True)
class RankTest:
    """Of k methods on N data sets.

    `chi2`: Friedman's, corrected for ties. `f`: Iman and Davenport's statistic of it, with k - 1 and (k - 1)(N - 1) degrees of
    freedom, and `f_p` its p; `f` is None where all data sets agree, since it has no bound there. `p`: of Friedman's statistic
    among permutations of each data set's ranks; it decides, since `f_p` is 0 where all agree, however few they are. `least_p`:
    the smallest that p can be. `groups`: (first, last) of each run of methods, in the order of their mean ranks, of which none
    is told apart from another, as long as can be, of two and more; all methods where p is not below LEVEL."""

    chi2: float
    f: float | None
    f_p: float
    p: float
    least_p: float
    critical_difference: float
    groups: tuple[tuple[int, int], ...]


def tied_ranks(figures: np.ndarray) -> np.ndarray:
    """(k,) from 1 for the lowest; equal figures (k,) have the mean of their ranks. Raises ValueError on a NaN."""
    if np.isnan(figures).any():
        raise ValueError(f"figures to rank hold a NaN: {figures}; leave out what has no figure")
    _, place, alike = np.unique(figures, return_inverse=True, return_counts=True)
    last = np.cumsum(alike)
    return np.asarray((last - (alike - 1) / 2)[place])


def rank_test(ranks: np.ndarray) -> RankTest:
    """`ranks` (N, k): of each data set, as `tied_ranks` gives them; N and k at least 2."""
    n, k = ranks.shape
    spread = float(((ranks - (k + 1) / 2) ** 2).sum())  # the largest that N times `between` can be
    between = float(_between(ranks.sum(axis=0), n)) / n
    chi2 = (k - 1) * between * n / spread if spread else 0.0
    f, f_p = _iman_davenport(between, spread, n, k)
    p, distance = _p(ranks), _critical_difference(n, k)
    ordered = np.sort(ranks.mean(axis=0))  # (k,)
    groups = _groups(ordered, distance) if p < LEVEL else ((0, k - 1),)
    return RankTest(chi2, f, f_p, p, 1 / _permutations(n, k), distance, groups)


def _between(sums: np.ndarray, n: int) -> np.ndarray:
    """Squares of how far sums of ranks (..., k) lie from what they are without differences: exact, since ranks are halves."""
    return np.asarray(((sums - n * (sums.shape[-1] + 1) / 2) ** 2).sum(axis=-1))


def _iman_davenport(between: float, spread: float, n: int, k: int) -> tuple[float | None, float]:
    """Commun. Statist. A 1980: (N - 1) chi2 / (N (k - 1) - chi2)."""
    within = spread - between
    if within == 0:
        return (None, 0.0) if spread else (0.0, 1.0)  # no ranks at all: every data set is one tie
    f = float((n - 1) * between / within)
    return f, float(scipy.special.fdtrc(k - 1, (k - 1) * (n - 1), f))


def _p(ranks: np.ndarray) -> float:
    """The share of permutations, these ranks among them, with a statistic at least as large: of all where they are few, else
    of draws that are always the same."""
    n = len(ranks)
    few = _permutations(*ranks.shape) <= _DRAWS
    sums = _all_sums(ranks) if few else np.vstack([ranks.sum(axis=0), _drawn_sums(ranks)])
    return float(np.mean(_between(sums, n) >= _between(ranks.sum(axis=0), n)))


def _all_sums(ranks: np.ndarray) -> np.ndarray:
    """(k!^(N - 1), k)."""
    sums = ranks[:1]
    for own in ranks[1:]:
        every = np.array(list(permutations(own)))  # (k!, k)
        sums = (sums[:, None] + every).reshape(-1, ranks.shape[1])
    return sums


def _drawn_sums(ranks: np.ndarray) -> np.ndarray:
    """(draws, k): the same whatever the order of methods and data sets."""
    draw = np.random.default_rng(0)
    sums = np.zeros((_DRAWS, ranks.shape[1]))
    for own in sorted(np.sort(ranks, axis=1).tolist()):
        sums += draw.permuted(np.tile(own, (_DRAWS, 1)), axis=1)
    return sums


def _permutations(n: int, k: int) -> int:
    """How many are looked at: only how the other data sets lie to the first one counts."""
    all_of_them: int = math.factorial(k) ** (n - 1)
    return min(1 + _DRAWS, all_of_them)


def _critical_difference(n: int, k: int) -> float:
    """From which on two mean ranks are told apart, at LEVEL over all pairs (Nemenyi 1963)."""
    return float(_range_quantile(k) / 2**0.5 * (k * (k + 1) / (6 * n)) ** 0.5)


def _range_quantile(k: int) -> float:
    """Below which the range of k standard normals stays in 1 - LEVEL of cases: the studentized range with infinite degrees of
    freedom. scipy.stats has it too, and takes .7 s to import."""
    low, high = 0.0, _WIDEST
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _within_range(middle, k) < 1 - LEVEL else (low, middle)
    return high


def _within_range(width: float, k: int) -> float:
    """The chance that k standard normals lie within such a width: the integral over the largest of them."""
    z = _STANDARD_NORMAL
    others = scipy.special.ndtr(z) - scipy.special.ndtr(z - width)
    density = np.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5
    return float(k * np.sum(density * others ** (k - 1)) * (z[1] - z[0]))


def _groups(ordered: np.ndarray, distance: float) -> tuple[tuple[int, int], ...]:
    """(first, last) of each; `ordered`: mean ranks, ascending."""
    ends = np.searchsorted(ordered, ordered + distance) - 1  # the last one nearer than `distance`
    return tuple(
        (first, int(end))
        for first, end in enumerate(ends)
        if end > first and (first == 0 or end > ends[first - 1])
    )
