"""Ratios of seconds and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers.ratios import ratio


def test_the_same_ratio_in_every_round_has_no_width():
    assert ratio([2, 4, 8], [1, 2, 4]) == pytest.approx((2, 2, 2))


def test_what_slows_a_whole_round_cancels():
    ours = np.array([1.0, 1.1, 0.9, 1.0])
    slow = np.array([1, 3, 1, 2])
    assert ratio(2 * ours * slow, ours * slow) == pytest.approx((2, 2, 2))


def test_an_interval_is_that_of_the_logarithms():
    """t with two degrees of freedom at .975 is 4.3027."""
    found = ratio([1, 2, 4], [1, 1, 1])
    half = 4.3027 * np.log(2) / np.sqrt(3)
    assert found.value == pytest.approx(2)
    assert np.log([found.low, found.high]) == pytest.approx(
        [np.log(2) - half, np.log(2) + half], abs=1e-4
    )


def test_turned_around_it_is_the_reciprocal():
    one, other = ratio([3, 2, 5], [1, 1, 2]), ratio([1, 1, 2], [3, 2, 5])
    assert one == pytest.approx((1 / other.value, 1 / other.high, 1 / other.low))


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    found = [ratio(np.exp(rng.normal(np.log(2), 0.1, 5)), np.ones(5)) for _ in range(2000)]
    assert np.mean([low <= 2 <= high for _, low, high in found]) == pytest.approx(0.95, abs=0.015)


def test_one_round_has_no_interval():
    assert ratio([3.0], [2.0]) == (pytest.approx(1.5), None, None)


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [([1], [1, 2], "no pairs"), ([], [], "no pairs"), ([0.0], [1.0], "not above 0")],
)
def test_what_has_no_ratio(theirs, ours, said):
    with pytest.raises(ValueError, match=said):
        ratio(theirs, ours)
