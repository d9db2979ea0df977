"""A validated file -> Suite: settings overridden key by key, defaults that depend on other keys filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bench.job.spec import (
    BaseModelSpec,
    MetaLearnerKeys,
    MetaLearnerSpec,
    MethodKeys,
    MethodSpec,
    SelectorSpec,
)
from bench.job.step_rules import StepRules
from bench.settings import TrainSettings
from bench.suite.check.schema import (
    ExecutorUse,
    MetaLearnerUse,
    MethodEntry,
    MetricUse,
    Ruled,
    SuiteFile,
    metric_name,
)
from bench.suite.places.yaml_document import KeyPath, Place
from bench.suite.spec import DatasetSpec, ExecutorSpec, MetricSpec, ProtocolSpec, Suite

__all__ = ["build"]

BEST_SINGLE = "best-single"

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
        datasets={
            name: DatasetSpec(use.use, params["datasets", name])
            for name, use in file.datasets.items()
        },
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
            name: BaseModelSpec(
                use=use.use,
                params=dict(params["base_models", name]),
                train=_overridden(file.train, use.train),
            )
            for name, use in file.base_models.items()
        },
        methods={
            name: _method(name, method, file.train, params) for name, method in file.methods.items()
        },
        seeds=file.seeds,
        metrics=_metrics(file.metrics, params),
        primary=file.primary or _first_metric([metric_name(entry) for entry in file.metrics]),
        against=None if file.against == BEST_SINGLE else file.against,
        relaimpr_base=file.relaimpr_base,
        tolerance=dict(file.gate.tolerance),
        margins=file.gate.margins,
        rules=_rules(file),
        own_rules=_own_rules({**file.base_models, **file.methods}),
        executor=_executor(file.executor),
        plugins=tuple(plugins),
        expanded=dict(expanded),
        places=dict(places),
    )


def _rules(of: SuiteFile | Ruled) -> StepRules:
    return StepRules(limits=of.limits, timing=of.timing)


def _own_rules(entries: Mapping[str, Ruled]) -> dict[str, StepRules]:
    """Of those that have some."""
    keys = StepRules.model_fields.keys()
    return {name: _rules(entry) for name, entry in entries.items() if entry.model_fields_set & keys}


def _executor(use: ExecutorUse | None) -> ExecutorSpec | None:
    """As it is written: what the command line sets is put among it."""
    return None if use is None else ExecutorSpec(use.use, dict(use.model_extra or {}))


def _metrics(entries: Sequence[str | MetricUse], params: Params) -> dict[str, MetricSpec]:
    """By name. RelaImpr, which no plugin is, has no parameters."""
    return {
        metric_name(entry): MetricSpec(
            entry if isinstance(entry, str) else entry.use, params.get(("metrics", place), {})
        )
        for place, entry in enumerate(entries)
    }


def _first_metric(metrics: Sequence[str]) -> str:
    """Log loss, or where the suite does without it the first metric that is computed (RelaImpr is derived)."""
    computed = [metric for metric in metrics if metric != "relaimpr"]
    return "logloss" if "logloss" in computed or not computed else computed[0]


def _method(name: str, entry: MethodEntry, train: TrainSettings, params: Params) -> MethodSpec:
    selector = SelectorSpec(
        use=entry.selector.use,
        params=dict(params["methods", name, "selector"]),
        train=_overridden(train, entry.selector.train),
    )
    learner = entry.meta_learner
    return MethodSpec(
        selector=selector,
        meta_learner=None
        if learner is None
        else _meta_learner(learner, params["methods", name, "meta_learner"]),
        **_shared(MethodKeys, entry),
    )


def _meta_learner(learner: MetaLearnerUse, params: Mapping[str, Any]) -> MetaLearnerSpec:
    return MetaLearnerSpec(
        use=learner.use, params=dict(params), **_shared(MetaLearnerKeys, learner)
    )


def _shared(keys: type[BaseModel], of: BaseModel) -> dict[str, Any]:
    """The keys that the schema and the spec have in common, as they were written."""
    return {key: getattr(of, key) for key in keys.model_fields}


def _overridden(settings: TrainSettings, own: TrainSettings) -> TrainSettings:
    """The settings with those keys that `own` sets itself."""
    return settings.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
