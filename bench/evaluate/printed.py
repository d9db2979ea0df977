"""How a metric's figures are printed. It belongs to the statistics because figures that print alike are called a tie."""

from __future__ import annotations

__all__ = ["printed"]

_DECIMALS = {"relaimpr": 2}


def printed(metric: str, value: float) -> str:
    """A value with the metric's decimals: `.8130` and `1.0214` without the zero before the point, in percent `+3.10`."""
    if metric in _DECIMALS:
        return _percent(f"{value:+.{_DECIMALS[metric]}f}")
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if text.removeprefix("-").startswith("0.") else text


def _percent(text: str) -> str:
    return text if float(text) else text[1:]
