"""One dataset under one protocol (and one split seed): what trials are of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.data.splits.base_predictions import FitPlan
from bench.data.splits.split import Role, Split
from bench.data.views.interactions import Interactions
from bench.evaluate.metrics.metric_rows import metric_rows
from bench.interfaces import MetricRows
from bench.job.splits import open_split
from bench.scoring.order import DivisionOrder
from bench.settings import PredictionSource

__all__ = ["Division", "Divisions"]


@dataclass(frozen=True, eq=False)
class Division:
    """`source`: where base predictions come from by the protocol; a method may have another."""

    dataset: str
    protocol: str
    interactions: Interactions
    split: Split
    folder: Path  # of the split, as workers are handed it
    digest: str
    source: PredictionSource

    @classmethod
    def open(cls, order: DivisionOrder) -> Division:
        """Another process's division. Raises StorageError."""
        interactions = Interactions.open(order.interactions)
        split, _ = open_split(order.split, interactions)
        return cls(
            order.dataset, order.protocol, interactions, split, order.split, order.digest, order.source
        )  # fmt: skip

    @property
    def order(self) -> DivisionOrder:
        """By which another process opens it."""
        return DivisionOrder(
            dataset=self.dataset,
            protocol=self.protocol,
            interactions=self.interactions.folder.absolute(),
            split=self.folder.absolute(),
            digest=self.digest,
            source=self.source,
        )

    @property
    def name(self) -> str:
        return f"{self.dataset}/{self.protocol}"

    @cached_property
    def plan(self) -> FitPlan:
        """By the protocol's own source: its star fits are the base models that a report shows by themselves."""
        return FitPlan(self.split, self.source)

    @cached_property
    def test_rows(self) -> MetricRows:
        """Test users' query rows, as metrics see them."""
        return self.rows_of("test")

    def rows_of(self, role: Role) -> MetricRows:
        """A role's query rows, as metrics see them."""
        return metric_rows(self.plan, self.interactions, role)


Divisions = dict[tuple[str, str, int], Division]  # by dataset, protocol and trial seed
