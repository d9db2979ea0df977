"""A metric made anew, so that nothing that it keeps goes from one trial into the figure of another."""

from __future__ import annotations

from abc import abstractmethod

from bench.interfaces import Metric

__all__ = ["StandsIn", "fresh"]


class StandsIn(Metric):
    """Stands for a metric of another class."""

    @abstractmethod
    def anew(self) -> Metric:
        """Another that stands for a fresh metric."""


def fresh(metric: Metric) -> Metric:
    """Another metric of the same class, settings and name. Raises what making it raises."""
    if isinstance(metric, StandsIn):
        return metric.anew()
    made = type(metric)(metric.params)
    vars(made)["name"] = metric.name
    return made
