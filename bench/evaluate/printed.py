"""How a metric is called, and how its figures are printed: part of the statistics, since what prints alike is called a tie."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["called", "decimals", "printed"]

_CALLED = {
    "logloss": "log loss",
    "auc": "AUC",
    "gauc": "GAUC",
    "relaimpr": "RelaImpr",
    "ndcg": "NDCG",
}
_PERCENT = ("relaimpr",)
_DECIMALS = 4
_DIGITS = 3  # of the largest figure of a column, at least
_LONG = 1e6  # from here on a figure is read by its power of ten


def called(metric: str) -> str:
    """The metric in a sentence: one word for it everywhere, `AUC` and never `auc`."""
    use, apart, params = metric.partition(" ")
    return f"{_CALLED.get(use, use)}{apart}{params}" if "=" in params or not apart else metric


def decimals(metric: str, values: Iterable[float]) -> int:
    """With which figures of such sizes are printed: four; more where the largest would show less than three digits."""
    if metric in _PERCENT:
        return 2
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return _DECIMALS
    return max(_DECIMALS, _DIGITS - 1 - math.floor(math.log10(largest)))


def printed(metric: str, value: float, places: int | None = None) -> str:
    """A value with the metric's decimals, or with so many `places`: `.8130` and `1.0214` without the zero before the point,
    in percent `+3.10`; a huge one as `1.0e+28`."""
    places = decimals(metric, ()) if places is None else places
    if metric in _PERCENT:
        return _percent(f"{value:+.{places}f}")
    if abs(value) >= _LONG:
        return f"{value:.1e}"
    text = f"{value:.{places}f}"
    return text.replace("0.", ".", 1) if text.removeprefix("-").startswith("0.") else text


def _percent(text: str) -> str:
    return text if float(text) else text[1:]
