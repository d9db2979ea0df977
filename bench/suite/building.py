"""A validated file -> Suite: settings overridden key by key, defaults that depend on other keys filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.settings import TrainSettings
from bench.suite.check.schema import MetaLearnerUse, MethodEntry, SuiteFile
from bench.suite.places.yaml_document import KeyPath, Place
from bench.suite.spec import (
    BaseModelSpec,
    DatasetSpec,
    MetaLearnerSpec,
    MethodSpec,
    ProtocolSpec,
    SelectorSpec,
    Suite,
)

__all__ = ["build"]

Params = Mapping[KeyPath, Mapping[str, Any]]


def build(
    file: SuiteFile,
    params: Params,
    path: Path,
    digest: str,
    plugins: Iterable[Path],
    expanded: Mapping[str, tuple[str, ...]],
    places: Mapping[KeyPath, Place],
) -> Suite:
    """The suite of a validated file. `params`: where a plugin is used -> its parameters."""
    return Suite(
        name=file.name,
        file=path,
        digest=digest,
        datasets={name: DatasetSpec(use.use, params["datasets", name]) for name, use in file.datasets.items()},
        protocols={
            name: ProtocolSpec(
                use.use,
                params["protocols", name],
                use.base_predictions,
                use.folds,
                None if use.split_seed == "trial" else use.split_seed,
            )
            for name, use in file.protocols.items()
        },
        base_models={
            name: BaseModelSpec(use.use, params["base_models", name], _overridden(file.train, use.train))
            for name, use in file.base_models.items()
        },
        methods={name: _method(name, method, file.train, params) for name, method in file.methods.items()},
        seeds=file.seeds,
        metrics=file.metrics,
        relaimpr_base=file.relaimpr_base,
        tolerance=dict(file.gate.tolerance),
        plugins=tuple(plugins),
        expanded=dict(expanded),
        places=dict(places),
    )


def _method(name: str, method: MethodEntry, train: TrainSettings, params: Params) -> MethodSpec:
    selector = SelectorSpec(
        method.selector.use, params["methods", name, "selector"], _overridden(train, method.selector.train)
    )
    learner = method.meta_learner
    return MethodSpec(
        selector,
        None if learner is None else _meta_learner(learner, params["methods", name, "meta_learner"]),
        method.base_predictions,
        method.calibrate,
        method.select,
        method.support_rows,
    )


def _meta_learner(learner: MetaLearnerUse, params: Mapping[str, Any]) -> MetaLearnerSpec:
    return MetaLearnerSpec(learner.use, params, learner.train, learner.adapt, learner.frozen_fields)


def _overridden(settings: TrainSettings, own: TrainSettings) -> TrainSettings:
    """The settings with those keys that `own` sets itself."""
    return settings.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
