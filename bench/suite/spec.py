"""A suite, read and validated: plain frozen data. What `bench.suite.load` gives and `bench.run` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.job.spec import BaseModelSpec, MethodSpec
from bench.job.step_rules import StepRules
from bench.margins import GateMargins
from bench.settings import BasePredictions
from bench.suite.places.yaml_document import KeyPath, Place

__all__ = ["DatasetSpec", "ExecutorSpec", "MetricSpec", "ProtocolSpec", "Suite"]


@dataclass(frozen=True)
class DatasetSpec:
    """`use` names a dataset plugin; `params` are its own, complete with defaults, as JSON would hold them."""

    use: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class ProtocolSpec:
    use: str
    params: Mapping[str, Any]
    base_predictions: BasePredictions = "out-of-sample"
    folds: int = 5
    split_seed: int | None = 0  # None: the trial's own seed (`split_seed: trial`)


@dataclass(frozen=True)
class MetricSpec:
    """`use` names a metric plugin, or is `relaimpr`, which is derived; `params` are the plugin's own."""

    use: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExecutorSpec:
    """`use` names an executor plugin; `params` are those of its own that the suite sets, as JSON would hold them."""

    use: str
    params: Mapping[str, Any] = field(default_factory=dict)


_METRICS = ("auc", "logloss", "relaimpr", "gauc")


@dataclass(frozen=True)
class Suite:
    """Mappings keep the order of the file."""

    name: str
    file: Path
    digest: str  # sha256 of the file's bytes; with those of the files that it includes, and what was overridden
    datasets: Mapping[str, DatasetSpec]
    protocols: Mapping[str, ProtocolSpec]
    base_models: Mapping[str, BaseModelSpec]
    methods: Mapping[str, MethodSpec]
    seeds: tuple[int, ...]
    # by the name that it has in tables
    metrics: Mapping[str, MetricSpec] = field(
        default_factory=lambda: {name: MetricSpec(name) for name in _METRICS}
    )
    primary: str = "logloss"  # the metric that verdicts are about and rows are ordered by
    against: str | None = None  # the method that differences are from; None: best-single
    relaimpr_base: str = "best-single"
    tolerance: Mapping[str, float] = field(default_factory=dict)  # gate: {tolerance: {auc: 1e-6}}
    margins: GateMargins = field(
        default_factory=GateMargins
    )  # gate: {quality: {auc: 2e-3}, memory: .05}
    rules: StepRules = field(default_factory=StepRules)  # how steps run
    own_rules: Mapping[str, StepRules] = field(default_factory=dict)  # of base models and methods
    executor: ExecutorSpec | None = None  # where steps run; no part of what they are
    plugins: tuple[Path, ...] = ()
    # by the grid: base model or method -> its entries
    expanded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False, compare=False)
    # path of keys -> where the value is written, so that later checks can still say where

    @property
    def computed(self) -> Mapping[str, MetricSpec]:
        """The metrics that every trial is scored by: RelaImpr is derived, of an AUC that is there for it."""
        asked = {name: spec for name, spec in self.metrics.items() if name != "relaimpr"}
        return asked | ({"auc": MetricSpec("auc")} if "relaimpr" in self.metrics else {})

    def rules_of(self, name: str) -> StepRules:
        """How the steps of a base model or method run."""
        own = self.own_rules.get(name)
        return self.rules if own is None else self.rules.overridden(own)

    def limited(self, time: str | None, memory: str | None) -> Suite:
        """With these limits for every step, whatever the suite says; None leaves its own. ValueError where one is none."""
        given = {"time": time, "memory": memory}
        given = {key: text for key, text in given.items() if text is not None}
        if not given:
            return self
        own = {name: rules.without(given.keys()) for name, rules in self.own_rules.items()}
        everywhere = StepRules.model_validate({"limits": given})
        return replace(self, rules=self.rules.overridden(everywhere), own_rules=own)
