from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy
from pydantic import ValidationError

from bench.evaluate import Analysis, analyse, analysis_from_json, analysis_to_json
from bench.evaluate.metrics.calibration_error import (
    calibration_in_the_large,
    expected_calibration_error,
)
from bench.evaluate.metrics.equal_mass import equal_mass_bins
from tests.evaluate.query_rows import KINDS, make_rows


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


def analysed(rows: list) -> Analysis:
    return analyse(rows, KINDS, "fm", resamples=50, splits=2).analysis


def slow_bins(rows: list, name: str) -> pd.DataFrame:
    """Of all seeds' rows: a row a bin, by pandas."""
    frames = [
        pd.DataFrame(
            {
                "y": one.y.astype(float),
                "p": 1 / (1 + np.exp(-one.logits[name].astype(float))),
                "bin": ((2 * pd.Series(one.logits[name]).rank() - 1).astype(int) * 15)
                // (2 * len(one.y)),
            }
        )
        for one in rows
    ]
    grouped = pd.concat(frames).groupby("bin")
    found = grouped[["p", "y"]].mean().assign(rows=grouped.size())
    return found.sort_values("p", kind="stable")


@pytest.mark.parametrize("seeds", [1, 3])
def test_an_analysis_has_the_bins_of_all_seeds_together(seeds: int) -> None:
    rows = [make_rows(seed) for seed in range(seeds)]
    for method in analysed(rows).methods:
        kept, slow = method.calibration.reliability, slow_bins(rows, method.name)
        assert kept is not None
        assert kept.predicted == pytest.approx(slow["p"].tolist(), abs=1e-12)
        assert kept.observed == pytest.approx(slow["y"].tolist(), abs=1e-12)
        assert kept.rows == tuple(slow["rows"])
        assert sum(kept.rows) == sum(len(one.y) for one in rows)
        assert list(kept.predicted) == sorted(kept.predicted)


def test_the_error_is_to_the_bit_what_it_is_without_the_bins() -> None:
    rows = [make_rows(seed) for seed in range(3)]

    def alone(y: np.ndarray, logits: np.ndarray) -> float:
        gaps = np.bincount(
            equal_mass_bins(logits, 15),
            scipy.special.expit(logits.astype(np.float64)) - y,
            minlength=15,
        )
        return float(np.abs(gaps).sum() / len(y))

    for method in analysed(rows).methods:
        assert method.calibration.ece == float(
            np.mean([alone(one.y, one.logits[method.name]) for one in rows])
        )


def test_a_constant_is_one_bin_and_a_seed_with_another_one_keeps_the_order() -> None:
    first, second = make_rows(0), make_rows(1)
    n = len(first.y)
    constant = {"fm": np.full(n, -6, dtype=np.float32)}
    (alone,) = (
        one
        for one in analysed([first._replace(logits=dict(first.logits) | constant)]).methods
        if one.name == "fm"
    )
    assert alone.calibration.reliability is not None
    assert alone.calibration.reliability.rows == (n,)
    assert alone.calibration.reliability.observed == (float(first.y.mean()),)
    both = [first, second._replace(logits=dict(second.logits) | constant)]
    kept = next(one for one in analysed(both).methods if one.name == "fm").calibration.reliability
    assert kept is not None
    assert list(kept.predicted) == sorted(kept.predicted)
    assert sum(kept.rows) == 2 * n


def test_bins_survive_json_and_an_earlier_analysis_has_none() -> None:
    found = analysed([make_rows(0)])
    told = analysis_to_json(found)
    assert analysis_from_json(told) == found
    for method in told["methods"]:
        del method["calibration"]["reliability"]
    older = analysis_from_json(told)
    assert {method.calibration.reliability for method in older.methods} == {None}
    assert [method.calibration.ece for method in older.methods] == [
        method.calibration.ece for method in found.methods
    ]


def test_bins_of_different_lengths_are_no_analysis() -> None:
    told = analysis_to_json(analysed([make_rows(0)]))
    told["methods"][0]["calibration"]["reliability"]["rows"] = [1]
    with pytest.raises(ValidationError, match="not of one length"):
        analysis_from_json(told)
