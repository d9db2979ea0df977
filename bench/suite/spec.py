"""A suite, read and validated: plain frozen data. What `bench.suite.load` gives and `bench.run` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.adapt_sets import adapts_base_models
from bench.settings import BasePredictions, MetaTrainSettings, Select, TrainSettings
from bench.suite.places.yaml_document import KeyPath, Place

__all__ = ["BaseModelSpec", "DatasetSpec", "MetaLearnerSpec", "MethodSpec", "ProtocolSpec", "SelectorSpec", "Suite"]


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
class BaseModelSpec:
    use: str
    params: Mapping[str, Any]
    train: TrainSettings  # the suite's, overridden by the model's own; ignored by a plain Model


@dataclass(frozen=True)
class SelectorSpec:
    use: str
    params: Mapping[str, Any]
    train: TrainSettings


@dataclass(frozen=True)
class MetaLearnerSpec:
    use: str
    params: Mapping[str, Any]
    train: MetaTrainSettings
    adapt: tuple[str, ...]  # what moves: selector, base_models, a base model, or parts ("deepfm/deep")
    frozen_fields: tuple[str, ...] = ()

    @property
    def full(self) -> bool:
        """Whether base models are adapted too."""
        return adapts_base_models(self.adapt)


@dataclass(frozen=True)
class MethodSpec:
    selector: SelectorSpec
    meta_learner: MetaLearnerSpec | None = None
    base_predictions: BasePredictions | None = None  # overrides the protocol's
    calibrate: Literal["user"] | None = None
    select: Select = "soft"
    support_rows: int | None = None  # of each validation and test user the last so many; None: all

    @property
    def full(self) -> bool:
        """Whether base models are adapted too."""
        return self.meta_learner is not None and self.meta_learner.full

    def base_predictions_under(self, protocol: ProtocolSpec) -> BasePredictions:
        """Its own, or the protocol's; where base models are adapted, whose predictions can't be out of sample: in-sample."""
        if self.base_predictions is not None:
            return self.base_predictions
        return "in-sample" if self.full and protocol.base_predictions != "holdout" else protocol.base_predictions


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
    metrics: tuple[str, ...] = ("auc", "logloss", "relaimpr", "gauc")
    relaimpr_base: str = "best-single"
    tolerance: Mapping[str, float] = field(default_factory=dict)  # gate: {tolerance: {auc: 1e-6}}
    plugins: tuple[Path, ...] = ()
    expanded: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # by the grid: base model or method -> its entries
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False, compare=False)
    # path of keys -> where the value is written, so that later checks can still say where
