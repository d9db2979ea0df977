"""How far predicted probabilities are from frequencies."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

__all__ = ["calibration_in_the_large", "expected_calibration_error"]

BINS = 15


def expected_calibration_error(y: np.ndarray, logits: np.ndarray, bins: int = BINS) -> float:
    """Mean over bins of |mean prediction - mean label|, weighted by rows (Naeini et al., AAAI 2015), over bins of equally many
    rows in the order of predictions.

    Equal predictions are one block, whose rows a bin gets in equal shares: the order of rows plays no part. y (n,), logits
    (n,), n > 0."""
    values, block, sizes = np.unique(expit(logits.astype(np.float64)), return_inverse=True, return_counts=True)
    excess = np.bincount(block, weights=values[block] - y) / sizes  # mean of prediction less label in each block
    ends = np.cumsum(sizes)
    edges = np.linspace(0, len(y), bins + 1)
    cuts = np.unique(np.concatenate([edges, ends]))  # pieces that lie in one block and one bin
    lengths, middles = np.diff(cuts, prepend=0.0), cuts - np.diff(cuts, prepend=0.0) / 2
    of_block = np.searchsorted(ends, middles, side="right").clip(max=len(ends) - 1)
    of_bin = np.searchsorted(edges, middles, side="right").clip(1, bins) - 1
    gaps = np.bincount(of_bin, weights=lengths * excess[of_block], minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def calibration_in_the_large(y: np.ndarray, logits: np.ndarray) -> float:
    """Mean prediction less mean label."""
    return float(expit(logits.astype(np.float64)).mean() - y.mean())
