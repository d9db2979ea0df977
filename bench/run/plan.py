"""A suite over prepared data as a graph of steps and the trials that read them. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data.splits.base_predictions import STAR, fits, fitted_as, star_rows
from bench.data.splits.split import Split
from bench.data.views.interactions import Interactions
from bench.errors import PluginUnavailable
from bench.interfaces import Model
from bench.job.code import harness_digest
from bench.job.steps import FitStep, MetaPart, PluginUse, SelectStep
from bench.records import digest
from bench.registry import Registry
from bench.run.model_files import ModelFiles, model_files
from bench.settings import BasePredictions
from bench.suite import BOUNDS, BaseModelSpec, MethodSpec, SelectorSpec, Suite

__all__ = ["Division", "Plan", "Trial", "plan"]


class Division(NamedTuple):
    """One dataset under one protocol (and one split seed)."""

    dataset: str
    protocol: str
    seed: int  # the split's
    interactions: Interactions
    split: Split
    folder: Path
    digest: str
    base_predictions: BasePredictions = "out-of-sample"  # the protocol's

    @property
    def star_rows(self) -> np.ndarray:
        """(n,) bool: what base models that the report shows by themselves are trained on."""
        return star_rows(self.split, self.base_predictions, self.seed)


@dataclass(frozen=True)
class Trial:
    """What a record will be of. `steps`: every step it reads; `own`: the one that is its own (None: a bound)."""

    dataset: str
    protocol: str
    method: str
    seed: int
    kind: str  # "base_model", "method", "bound"
    division: Division
    identity: Mapping[str, Any]
    own: str | None
    steps: tuple[str, ...] = ()
    stars: Mapping[str, str] = field(default_factory=dict)  # bounds: base model -> its star step
    unavailable: str = ""  # why it can't run at all

    @property
    def names(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "protocol": self.protocol, "method": self.method, "seed": self.seed}

    @property
    def title(self) -> str:
        return f"{self.dataset}/{self.protocol} {self.method} seed {self.seed}"

    @property
    def id(self) -> str:
        return digest({"identity": dict(self.identity), "trial": self.names})[:32]


class Plan(NamedTuple):
    steps: dict[str, FitStep | SelectStep]
    trials: list[Trial]


@dataclass(frozen=True)
class _Planner:
    suite: Suite
    registry: Registry
    cache: Path
    common: Mapping[str, Any]  # threads, plugins, autoload of every step
    files: Mapping[str, ModelFiles]  # base model -> the files that it reads
    steps: dict[str, FitStep | SelectStep] = field(default_factory=dict)

    @property
    def pool(self) -> dict[str, BaseModelSpec]:
        """Base models by name, so that the order of the file makes no other trial."""
        return dict(sorted(self.suite.base_models.items()))

    def trials(self, division: Division, seed: int) -> Iterable[Trial]:
        """Base models, methods and bounds of one division and seed."""
        stars, source = {}, self.suite.protocols[division.protocol].base_predictions
        for name, model in self.suite.base_models.items():
            missing = self._missing(("models", model.use))
            star = "" if missing else self._fit(division, seed, name, STAR, source).id
            stars[name] = star
            yield self._trial(division, seed, name, "base_model", star or None, {}, missing, [("models", model.use)])
        for name, method in self.suite.methods.items():
            yield self._method(division, seed, name, method)
        stars = dict(sorted(stars.items()))
        for name in BOUNDS:
            missing = next((m for m in map(self._missing, self._pool_plugins()) if m), "")
            yield self._trial(division, seed, name, "bound", None, stars, missing, self._pool_plugins())

    def _method(self, division: Division, seed: int, name: str, method: MethodSpec) -> Trial:
        plugins = [*self._pool_plugins(), ("selectors", method.selector.use)]
        if method.meta_learner is not None:
            plugins.append(("meta_learners", method.meta_learner.use))
        missing = next((m for m in map(self._missing, plugins) if m), "")
        own = None if missing else self._select(division, seed, name, method).id
        return self._trial(division, seed, name, "method", own, {}, missing, plugins)

    def _trial(
        self,
        division: Division,
        seed: int,
        name: str,
        kind: str,
        own: str | None,
        stars: Mapping[str, str],
        missing: str,
        plugins: list[tuple[str, str]],
    ) -> Trial:
        steps = tuple(stars.values()) if own is None else (own, *self.steps[own].needs)
        codes = [] if missing else [self._code(*plugin) for plugin in dict.fromkeys(plugins)]
        identity = {
            "data": division.interactions.digest,
            "split": division.digest,
            "metrics": {name: self._metric_version(name) for name in self.suite.metrics if name != "relaimpr"},
            "steps": list(steps) if own is None else [own],
            "plugins": codes,
            "settings": self._settings(name, kind),
            "harness": harness_digest(),
        }
        return Trial(
            division.dataset, division.protocol, name, seed, kind, division, identity, own,
            () if missing else steps, stars, missing,
        )  # fmt: skip

    def _settings(self, name: str, kind: str) -> dict[str, Any]:
        """What the suite says of the method, complete with defaults."""
        if kind == "bound":
            return {}
        spec = self.suite.base_models[name] if kind == "base_model" else self.suite.methods[name]
        return _plain(spec)

    def _fit(self, division: Division, seed: int, name: str, variant: str, source: BasePredictions) -> FitStep:
        model = self.suite.base_models[name]
        source = fitted_as(variant, source) if self._learns(model) else "in-sample"
        folds = 0 if variant == STAR else self.suite.protocols[division.protocol].folds
        use = PluginUse(use=model.use, params=dict(model.params), train=model.train)
        depends = {
            **self._depends("fit", division, seed),
            "model": use.model_dump(mode="json"),
            "code": self._code("models", model.use),
            "variant": variant,
            **({} if source == "in-sample" else {"base_predictions": source, "folds": folds}),
            **self.files[name].identity,
        }
        step = FitStep(
            **self._step(depends, division, seed, f"{name} {variant}", source, folds),
            model=use,
            variant=variant,
            files=self.files[name].paths,
        )
        self.steps.setdefault(step.id, step)
        return step

    def _select(self, division: Division, seed: int, name: str, method: MethodSpec) -> SelectStep:
        protocol = self.suite.protocols[division.protocol]
        source = method.base_predictions_under(protocol)
        folds = 0 if method.full else protocol.folds
        variants = [fit.variant for fit in fits(division.split, source, folds, division.seed)]
        steps = {
            model: {
                variant: self._fit(division, seed, model, variant if self._learns(spec) else STAR, source)
                for variant in variants
            }
            for model, spec in self.pool.items()
        }
        needs = tuple(dict.fromkeys(step.id for by_variant in steps.values() for step in by_variant.values()))
        selector, meta = _selector(method.selector), _meta(method)
        depends = {
            **self._depends("select", division, seed),
            "fits": needs,
            "models": list(self.pool),
            "selector": selector.model_dump(mode="json"),
            "meta_learner": None if meta is None else meta.model_dump(mode="json"),
            "code": [self._code("selectors", selector.use)]
            + ([] if meta is None else [self._code("meta_learners", meta.use)]),
            "base_predictions": source,
            "folds": folds,
            **({} if method.calibrate is None else {"calibrate": method.calibrate}),
            **({} if method.select == "soft" else {"select": method.select}),
            **({} if method.support_rows is None else {"support_rows": method.support_rows}),
        }
        step = SelectStep(
            **self._step(depends, division, seed, name, source, folds),
            needs=needs,
            models=tuple(self.pool),
            fits={model: {v: step.folder for v, step in by.items()} for model, by in steps.items()},
            pool={
                model: PluginUse(use=spec.use, params=dict(spec.params), train=spec.train)
                for model, spec in self.pool.items()
            },
            selector=selector,
            meta_learner=meta,
            select=method.select,
            calibrate=method.calibrate,
            support_rows=method.support_rows,
        )
        self.steps.setdefault(step.id, step)
        return step

    def _depends(self, kind: str, division: Division, seed: int) -> dict[str, Any]:
        return {
            "kind": kind,
            "data": division.interactions.digest,
            "split": division.digest,
            "fold_seed": division.seed,
            "seed": seed,
            "threads": self.common["threads"],
            "harness": harness_digest(),
        }

    def _step(
        self,
        depends: Mapping[str, Any],
        division: Division,
        seed: int,
        title: str,
        source: BasePredictions,
        folds: int,
    ) -> dict[str, Any]:
        """The fields that all steps share."""
        identity = digest(dict(depends))[:32]
        return {
            "id": identity,
            "title": f"{division.dataset}/{division.protocol} {title} seed {seed}",
            "dataset": division.interactions.folder,
            "split": division.folder,
            "folder": self.cache / "steps" / f"{depends['kind']}-{identity}",
            "base_predictions": source,
            "folds": folds,
            "fold_seed": division.seed,
            "seed": seed,
            **self.common,
        }

    def _pool_plugins(self) -> list[tuple[str, str]]:
        return [("models", model.use) for model in self.pool.values()]

    def _learns(self, model: BaseModelSpec) -> bool:
        plugin = self.registry.load("models", model.use)
        return not issubclass(plugin, Model) or plugin.learns

    def _missing(self, plugin: tuple[str, str]) -> str:
        """Why a plugin can't be used, or nothing."""
        try:
            self.registry.load(*plugin)
        except PluginUnavailable as error:
            return str(error)
        return ""

    def _code(self, kind: str, name: str) -> dict[str, str]:
        return dict(self.registry.code(kind, name)._asdict())

    def _metric_version(self, name: str) -> int:
        return self.registry.load("metrics", name).version  # type: ignore[no-any-return]


def plan(
    suite: Suite,
    registry: Registry,
    divisions: Mapping[tuple[str, str, int], Division],
    cache: Path,
    *,
    threads: int = 1,
    plugins: tuple[Path, ...] = (),
    autoload: bool = True,
    only: tuple[str, ...] = (),
    roots: Sequence[Path] = (),
) -> Plan:
    """`divisions`: by dataset, protocol and trial seed. `only`: base models and methods to keep (default: all); bounds stay
    where what they read is needed anyway. `roots`: where files that base models read are looked for.

    Raises DataError where such a file is missing."""
    common = {"threads": threads, "plugins": plugins, "autoload": autoload}
    files = {name: model_files(spec, registry, roots) for name, spec in suite.base_models.items()}
    planner = _Planner(suite, registry, cache, common, files)
    trials = [trial for (_, _, seed), division in divisions.items() for trial in planner.trials(division, seed)]
    return Plan(planner.steps, _only(trials, only) if only else trials)


def _only(trials: list[Trial], names: tuple[str, ...]) -> list[Trial]:
    read = {step for trial in trials if trial.method in names for step in trial.steps}
    return [t for t in trials if t.method in names or (t.kind == "bound" and t.steps and read.issuperset(t.steps))]


def _selector(spec: SelectorSpec) -> PluginUse:
    return PluginUse(use=spec.use, params=dict(spec.params), train=spec.train)


def _meta(method: MethodSpec) -> MetaPart | None:
    spec = method.meta_learner
    if spec is None:
        return None
    return MetaPart(
        use=spec.use,
        params=dict(spec.params),
        train=spec.train,
        full=spec.full,
        adapt=spec.adapt,
        frozen_fields=spec.frozen_fields,
    )


def _plain(spec: BaseModelSpec | MethodSpec) -> dict[str, Any]:
    """A spec as JSON."""
    if isinstance(spec, BaseModelSpec):
        return {"use": spec.use, "params": dict(spec.params), "train": spec.train.model_dump(mode="json")}
    meta = _meta(spec)
    return {
        "selector": _selector(spec.selector).model_dump(mode="json"),
        "meta_learner": None if meta is None else meta.model_dump(mode="json"),
        "base_predictions": spec.base_predictions,
        **({} if spec.calibrate is None else {"calibrate": spec.calibrate}),
        **({} if spec.select == "soft" else {"select": spec.select}),
        **({} if spec.support_rows is None else {"support_rows": spec.support_rows}),
    }
