from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.evaluate.metrics.calibration_error import (
    calibration_in_the_large,
    expected_calibration_error,
)
from bench.evaluate.metrics.equal_mass import equal_mass_bins


def slow_ece(y: np.ndarray, logits: np.ndarray, bins: int) -> float:
    frame = pd.DataFrame(
        {"y": y.astype(float), "p": 1 / (1 + np.exp(-logits.astype(float))), "z": logits}
    )
    twice_rank = (2 * frame["z"].rank(method="average") - 1).astype(int)
    return sum(
        len(part) / len(frame) * abs(part["p"].mean() - part["y"].mean())
        for _, part in frame.groupby(twice_rank * bins // (2 * len(frame)))
    )


@pytest.mark.parametrize("levels", [1, 3, 1000])
@pytest.mark.parametrize("n", [1, 7, 400])
def test_ece_is_what_a_group_by_finds_whatever_the_order_of_rows(n: int, levels: int) -> None:
    rng = np.random.default_rng(n + levels)
    logits = (np.round(rng.normal(0, 2, n) * levels) / levels).astype(np.float32)
    y = rng.integers(0, 2, n).astype(np.uint8)
    assert expected_calibration_error(y, logits) == pytest.approx(
        slow_ece(y, logits, 15), abs=1e-12
    )
    order = rng.permutation(n)
    assert expected_calibration_error(y[order], logits[order]) == pytest.approx(
        slow_ece(y, logits, 15), abs=1e-12
    )


def test_equal_values_share_a_bin_and_others_fill_bins_equally() -> None:
    rng = np.random.default_rng(0)
    distinct = rng.permutation(100).astype(float)
    sizes = np.bincount(equal_mass_bins(distinct, 15))
    assert len(sizes) == 15
    assert sizes.max() - sizes.min() <= 1
    tied = rng.integers(0, 8, 100)
    bins = pd.Series(equal_mass_bins(tied, 15)).groupby(tied)
    assert (bins.nunique() == 1).all()
    assert bins.first().is_monotonic_increasing
    assert equal_mass_bins(np.full(6, 2.5), 3).tolist() == [1] * 6
    assert equal_mass_bins(np.zeros(0), 3).tolist() == []


def test_the_truth_is_calibrated_and_a_shift_of_it_is_not() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 1, 60_000)
    y = (rng.random(60_000) < 1 / (1 + np.exp(-truth))).astype(np.uint8)
    assert expected_calibration_error(y, truth) < 0.01
    assert calibration_in_the_large(y, truth) == pytest.approx(0, abs=0.005)
    assert calibration_in_the_large(y, truth + 1) > 0.15
    assert expected_calibration_error(y, truth + 1) == pytest.approx(
        calibration_in_the_large(y, truth + 1), abs=1e-9
    )
    assert calibration_in_the_large(y, truth - 1) < -0.15


def test_a_constant_errs_by_the_base_rate_alone() -> None:
    y, logits = np.array([1, 0, 0, 0], dtype=np.uint8), np.zeros(4, dtype=np.float32)
    assert expected_calibration_error(y, logits) == 0.25
    assert calibration_in_the_large(y, logits) == 0.25
