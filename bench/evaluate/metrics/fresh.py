"""A metric made anew, so that nothing that it keeps goes from one trial into the figure of another."""

from __future__ import annotations

from bench.interfaces import Metric

__all__ = ["fresh"]


def fresh(metric: Metric) -> Metric:
    """Another metric of the same class, settings and name. Raises what making it raises."""
    made = type(metric)(metric.params)
    vars(made)["name"] = metric.name
    return made
