"""Do predicted probabilities mean what they say?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy

from bench.evaluate.metrics.equal_mass import equal_mass_bins

__all__ = [
    "ECE_BINS",
    "CalibrationBins",
    "calibration_bins",
    "calibration_in_the_large",
    "error_of_bins",
    "expected_calibration_error",
]

ECE_BINS = 15


class CalibrationBins(NamedTuple):
    """B bins of equally many rows, ascending by prediction; sums over a bin's rows, 0 of an empty one."""

    gaps: np.ndarray  # (B,) prediction less label
    predicted: np.ndarray  # (B,)
    positives: np.ndarray  # (B,)
    rows: np.ndarray  # (B,) int64


def calibration_bins(y: np.ndarray, logits: np.ndarray, bins: int = ECE_BINS) -> CalibrationBins:
    """y (n,) of 0 and 1, logits (n,) finite. Equal logits share a bin, so that some may be empty."""
    of_row = equal_mass_bins(logits, bins)
    predicted = scipy.special.expit(logits.astype(np.float64))

    def summed(values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(of_row, values, minlength=bins)

    return CalibrationBins(summed(predicted - y), summed(predicted), summed(y), summed())


def error_of_bins(found: CalibrationBins) -> float:
    """The expected calibration error; at least one row."""
    return float(np.abs(found.gaps).sum() / found.rows.sum())


def expected_calibration_error(y: np.ndarray, logits: np.ndarray, bins: int = ECE_BINS) -> float:
    """Sum over bins of equally many rows of the bin's share of rows times |mean prediction - mean label| (Naeini, Cooper &
    Hauskrecht, AAAI 2015; bins of equal mass: Nixon et al., CVPR-W 2019). Equal logits share a bin.

    y (n,) of 0 and 1, logits (n,) finite, n > 0. Above 0 even for the truth, the more so the fewer the rows of a bin."""
    return error_of_bins(calibration_bins(y, logits, bins))


def calibration_in_the_large(y: np.ndarray, logits: np.ndarray) -> float:
    """Mean prediction less mean label: above 0 where predictions are too high. y (n,), logits (n,), n > 0."""
    return float(scipy.special.expit(logits.astype(np.float64)).mean() - y.mean(dtype=np.float64))
