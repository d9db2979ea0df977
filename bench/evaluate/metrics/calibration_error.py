"""Do predicted probabilities mean what they say?"""

from __future__ import annotations

import numpy as np
import scipy

from bench.evaluate.metrics.equal_mass import equal_mass_bins

__all__ = ["ECE_BINS", "calibration_in_the_large", "expected_calibration_error"]

ECE_BINS = 15


def expected_calibration_error(y: np.ndarray, logits: np.ndarray, bins: int = ECE_BINS) -> float:
    """Sum over bins of equally many rows of the bin's share of rows times |mean prediction - mean label| (Naeini, Cooper &
    Hauskrecht, AAAI 2015; bins of equal mass: Nixon et al., CVPR-W 2019). Equal logits share a bin.

    y (n,) of 0 and 1, logits (n,) finite, n > 0. Above 0 even for the truth, the more so the fewer the rows of a bin."""
    of_row = equal_mass_bins(logits, bins)
    gaps = np.bincount(of_row, scipy.special.expit(logits.astype(np.float64)) - y, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def calibration_in_the_large(y: np.ndarray, logits: np.ndarray) -> float:
    """Mean prediction less mean label: above 0 where predictions are too high. y (n,), logits (n,), n > 0."""
    return float(scipy.special.expit(logits.astype(np.float64)).mean() - y.mean(dtype=np.float64))
