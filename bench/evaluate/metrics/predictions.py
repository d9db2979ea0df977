"""Is what a plugin handed back a prediction? Nothing is dropped or repaired: a bad row ends the trial."""

from __future__ import annotations

import numpy as np

from bench.errors import PredictionError, SelectionError

__all__ = [
    "LARGEST_LOGIT",
    "SIMPLEX_TOLERANCE",
    "beyond",
    "check_logits",
    "check_weights",
]

# what float32 holds, nearly: sums and squares of such losses are far from the end of float64
LARGEST_LOGIT = 1e38
SIMPLEX_TOLERANCE = 1e-5  # a softmax in float32 over a large pool adds up to 1 within this


def check_logits(logits: object, n: int) -> np.ndarray:
    """`logits` themselves, where they are (n,) float32 or float64, finite and none beyond LARGEST_LOGIT; else
    PredictionError with counts and the first bad row (0 is the first row that was asked for)."""
    array = _check_array(logits, (n,), "logits", PredictionError)
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise PredictionError(
            f"logits: {_count(bad)} not finite, the first in row {first} ({array[first]}); a logit is a finite number"
        )
    large = beyond(array, LARGEST_LOGIT)
    if large.any():
        first = int(np.flatnonzero(large)[0])
        raise PredictionError(
            f"logits: {_count(large)} beyond ±{LARGEST_LOGIT:g}, the first in row {first} ({array[first]:g}); no log loss can "
            "be computed of them: does the model diverge, or is a field far from what it was trained on?"
        )
    return array


def check_weights(weights: object, n: int, models: int) -> np.ndarray:
    """`weights` themselves, where they are (n, models) float32 or float64 on the simplex; else SelectionError."""
    array = _check_array(weights, (n, models), "weights", SelectionError)
    with np.errstate(invalid="ignore"):  # inf - inf
        total = array.sum(axis=1, dtype=np.float64)
    # false for NaN
    on_simplex = (array >= 0).all(axis=1) & (np.abs(total - 1) <= SIMPLEX_TOLERANCE)
    if not on_simplex.all():
        first = int(np.flatnonzero(~on_simplex)[0])
        raise SelectionError(
            f"weights: {_count(~on_simplex)} off the simplex, the first is row {first} (smallest weight "
            f"{array[first].min():g}, sum {total[first]:g}); weights are at least 0 and add up to 1"
        )
    return array


def beyond(logits: np.ndarray, size: float) -> np.ndarray:
    """(n,) bool: where they are larger than that, whatever the sign; false for NaN. logits (n,)."""
    return np.asarray(np.abs(logits.astype(np.float64)) > size)


def _check_array(
    value: object, shape: tuple[int, ...], what: str, error: type[PredictionError]
) -> np.ndarray:
    expected = f"{what}: expected a numpy array of shape {shape}, float32 or float64"
    if not isinstance(value, np.ndarray):
        raise error(f"{expected}; got {type(value).__module__}.{type(value).__qualname__}")
    if value.shape != shape or value.dtype not in (np.float32, np.float64):
        raise error(f"{expected}; got shape {value.shape}, {value.dtype}")
    return value


def _count(bad: np.ndarray) -> str:
    return f"{int(bad.sum())} of {len(bad)} rows are"
