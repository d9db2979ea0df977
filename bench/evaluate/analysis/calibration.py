"""Whether a method's probabilities mean what they say: its calibration error, and the bins that it is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.evaluate.analysis.findings import Calibration, Reliability
from bench.evaluate.metrics.calibration_error import (
    CalibrationBins,
    calibration_bins,
    calibration_in_the_large,
    error_of_bins,
)
from bench.evaluate.query_rows import QueryRows

__all__ = ["calibration"]


def calibration(rows: Sequence[QueryRows], name: str) -> Calibration:
    """Of a method with finite logits in every seed. Each of `rows`, one a seed and at least one, has rows."""
    binned = [calibration_bins(one.y, one.logits[name]) for one in rows]
    in_the_large = [calibration_in_the_large(one.y, one.logits[name]) for one in rows]
    return Calibration(
        float(np.mean([error_of_bins(one) for one in binned])),
        float(np.mean(in_the_large)),
        _together(binned),
    )


def _together(binned: Sequence[CalibrationBins]) -> Reliability:
    """A seed's bin joins the others' of the same rank; where equal logits leave bins empty, ranks may be out of order."""
    predicted, positives, rows = (  # (B,) each
        np.sum([getattr(one, what) for one in binned], axis=0)
        for what in ("predicted", "positives", "rows")
    )
    filled = np.flatnonzero(rows)
    order = filled[np.argsort(predicted[filled] / rows[filled], kind="stable")]
    return Reliability(
        tuple((predicted[order] / rows[order]).tolist()),
        tuple((positives[order] / rows[order]).tolist()),
        tuple(rows[order].tolist()),
    )
