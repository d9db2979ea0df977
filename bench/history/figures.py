"""How a quantity reads."""

from __future__ import annotations

from bench.evaluate import decimals as metric_decimals
from bench.evaluate import printed
from bench.history.model import CPU, MEMORY, Series
from bench.report.words.metrics import named

__all__ = ["decimals", "quantity_name", "shown"]

_COST = {CPU: 1, MEMORY: 0}
_LEAST_S = 10.0  # CPU seconds below which tenths say too little


def quantity_name(quantity: str) -> str:
    return quantity if quantity in _COST else named(quantity)


def decimals(one: Series) -> int:
    """With how many all figures of a line are printed."""
    values = [point.value for point in one.points]
    if one.quantity not in _COST:
        return metric_decimals(one.quantity, values)
    return 3 if one.quantity == CPU and max(values) < _LEAST_S else _COST[one.quantity]


def shown(quantity: str, value: float, places: int) -> str:
    return f"{value:,.{places}f}" if quantity in _COST else printed(quantity, value, places)
