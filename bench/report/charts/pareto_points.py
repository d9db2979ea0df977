"""Quality and cost of each method, and which of them nothing cheaper beats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bench.report.content.measured_cost import SHORTEST
from bench.report.content.model import Cost, Row, Section
from bench.report.words.metrics import gain

__all__ = ["COSTS", "CostAxis", "ParetoPoint", "costed", "pareto_points"]

_UNTIMED = 0.0  # a cost that no clock could tell from nothing
_BEYOND = 3  # how much cheaper than the cheapest that was timed the others are drawn


class CostAxis(NamedTuple):
    """What a panel has along x, in `unit`. `of`: None where it was not measured."""

    key: str
    label: str
    told: str
    unit: str
    of: Callable[[Cost], float | None]


class ParetoPoint(NamedTuple):
    """`cost`: where it stands; of what was over too soon to be `timed` left of all others. `on_line`: nothing that costs no
    more is as good."""

    name: str
    quality: float
    cost: float
    timed: bool
    on_line: bool


def _training(cost: Cost) -> float | None:
    """In seconds."""
    took = cost.total_train_cpu_s
    return took if took is None or took >= SHORTEST else _UNTIMED


def _prediction(cost: Cost) -> float | None:
    """In milliseconds per 1,000 rows."""
    if cost.own_predict_cpu_s is None:
        return None
    return _UNTIMED if cost.predict_rows_per_s is None else 1e6 / cost.predict_rows_per_s


COSTS = (
    CostAxis("train", "training CPU s, base models included", "training", "CPU s", _training),
    CostAxis(
        "predict",
        "own prediction, CPU ms per 1,000 rows",
        "prediction",
        "CPU ms per 1,000 rows",
        _prediction,
    ),
)


def costed(section: Section) -> list[Row]:
    """Methods and base models with quality and cost, in the order of the table. What scores from a file once cost, no clock
    of the harness saw."""
    from_files = {one.model for one in section.from_files}
    return [
        row
        for row in section.rows
        if row.kind in ("method", "base_model")
        and row.name not in from_files
        and row.cost is not None
        and quality(section, row) is not None
    ]


def quality(section: Section, row: Row) -> float | None:
    """The primary, mean over seeds."""
    found = row.figures.get(section.primary)
    return None if found is None else found.estimate.mean


def pareto_points(section: Section, cost: CostAxis) -> list[ParetoPoint]:
    """Cheapest first, and of those that cost the same the best. Who lacks a seed stands beside the line."""
    ordered = sorted(_measured(section, cost), key=lambda one: (one.cost, -one.gain))
    least = min((one.cost for one in ordered if one.cost), default=1.0)
    best, found = -math.inf, []
    for one in ordered:
        leads = one.complete and one.gain > best
        best = one.gain if leads else best
        at = one.cost or least / _BEYOND
        found.append(ParetoPoint(one.name, one.quality, at, one.cost > 0, leads))
    return found


class _Measured(NamedTuple):
    name: str
    quality: float
    gain: float
    cost: float
    complete: bool


def _measured(section: Section, cost: CostAxis) -> Sequence[_Measured]:
    found = []
    for row in costed(section):
        mean, took = quality(section, row), None if row.cost is None else cost.of(row.cost)
        if mean is not None and took is not None:
            complete = row.figures[section.primary].estimate.complete
            better = gain(mean, section.higher_is_better)
            found.append(_Measured(row.name, mean, better, took, complete))
    return found
