"""How a metric is called, and how its figures are printed: part of the statistics, since what prints alike is called a tie."""

from __future__ import annotations

__all__ = ["called", "printed"]

_CALLED = {"logloss": "log loss", "auc": "AUC", "gauc": "GAUC", "relaimpr": "RelaImpr"}

_DECIMALS = {"relaimpr": 2}


def called(metric: str) -> str:
    """The metric in a sentence: one word for it everywhere, `AUC` and never `auc`."""
    return _CALLED.get(metric, metric)


def printed(metric: str, value: float) -> str:
    """A value with the metric's decimals: `.8130` and `1.0214` without the zero before the point, in percent `+3.10`."""
    if metric in _DECIMALS:
        return _percent(f"{value:+.{_DECIMALS[metric]}f}")
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if text.removeprefix("-").startswith("0.") else text


def _percent(text: str) -> str:
    return text if float(text) else text[1:]
