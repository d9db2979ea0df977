"""A suite over prepared data as a graph of steps and the trials that read them. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.splits.base_predictions import STAR
from bench.errors import PluginUnavailable
from bench.job.code import harness_digest
from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.registry import Registry
from bench.run.planning.model_files import model_files
from bench.run.planning.planned_steps import PlannedSteps
from bench.run.planning.recipes import fits_recipe, recipe_of, trial_recipe
from bench.run.planning.trials import Kind, Plan, Trial
from bench.scoring.division import Division, Divisions
from bench.suite import BOUNDS, MetricSpec, Suite

__all__ = ["plan"]

PluginName = tuple[str, str]  # kind, name


def plan(
    suite: Suite,
    registry: Registry,
    divisions: Divisions,
    cache: Path,
    *,
    resources: Resources,
    plugin_paths: tuple[Path, ...] = (),
    only: tuple[str, ...] = (),
    seeds: Sequence[int] = (),
    roots: Sequence[Path] = (),
) -> Plan:
    """`only`, `seeds`: base models and methods, and seeds, that are asked for (default: all); bounds are where what they read
    is needed anyway. `roots`: where files that base models read are looked for.

    Raises DataError where such a file is missing."""
    files = {name: model_files(spec, registry, roots) for name, spec in suite.base_models.items()}
    steps = PlannedSteps(suite, registry, files, cache, resources, plugin_paths)
    planner = _Planner(suite, registry, steps)
    trials = [
        trial
        for (_, _, seed), division in divisions.items()
        for trial in planner.trials(division, seed)
    ]
    asked = [trial for trial in trials if not seeds or trial.seed in seeds]
    return Plan(steps.by_id, _only(asked, only) if only else asked, trials)


def _only(trials: list[Trial], names: tuple[str, ...]) -> list[Trial]:
    read = {step for trial in trials if trial.method in names for step in trial.steps}
    return [
        t
        for t in trials
        if t.method in names or (t.kind == "bound" and t.steps and read.issuperset(t.steps))
    ]


@dataclass(frozen=True)
class _Planner:
    suite: Suite
    registry: Registry
    steps: PlannedSteps

    def trials(self, division: Division, seed: int) -> Iterable[Trial]:
        """Base models, methods and bounds of one division and seed."""
        stars: dict[str, str] = {}
        for name, spec in self.suite.base_models.items():
            trial = self._base_model(division, seed, name, spec)
            stars[name] = trial.own or ""
            yield trial
        for name, method in self.suite.methods.items():
            yield self._method(division, seed, name, method)
        for name in BOUNDS:
            yield self._bound(division, seed, name, dict(sorted(stars.items())))

    def _base_model(self, division: Division, seed: int, name: str, spec: BaseModelSpec) -> Trial:
        """By itself it is its star fit, under the protocol's source of base predictions."""
        plugins = [("models", spec.use)]
        missing = self._missing(plugins)
        own = (
            None
            if missing
            else self.steps.fit(division, seed, name, STAR, division.source.base_predictions).id
        )
        identity = self._identity(division, plugins, [own], spec.model_dump(mode="json"), missing)
        if files := self.steps.files[name]:
            identity["files"] = {file: read.sha256 for file, read in files.items()}
        return self._trial(division, seed, name, "base_model", identity, own, missing)

    def _method(self, division: Division, seed: int, name: str, method: MethodSpec) -> Trial:
        plugins = [*self._pool(), ("selectors", method.selector.use)]
        if method.meta_learner is not None:
            plugins.append(("meta_learners", method.meta_learner.use))
        missing = self._missing(plugins)
        own = None if missing else self.steps.select(division, seed, name, method).id
        identity = self._identity(division, plugins, [own], method.model_dump(mode="json"), missing)
        return self._trial(division, seed, name, "method", identity, own, missing)

    def _bound(self, division: Division, seed: int, name: str, stars: Mapping[str, str]) -> Trial:
        """It has no step of its own: the host computes it from the base models' star fits."""
        missing = self._missing(self._pool())
        identity = self._identity(division, self._pool(), list(stars.values()), {}, missing)
        identity["pool"] = dict(stars)  # the record names the models, whose steps know no names
        steps = () if missing else tuple(stars.values())
        recipe = trial_recipe(identity, self._recipe_of_pool(division, stars))
        return Trial(division, name, seed, "bound", identity, None, steps, stars, missing, recipe)

    def _recipe_of_pool(self, division: Division, stars: Mapping[str, str]) -> dict[str, str]:
        pool = {name: {STAR: self.steps.recipe(division, star)} for name, star in stars.items()}
        return {**self.steps.recipe(division, None), **recipe_of({"fits": fits_recipe(pool)})}

    def _trial(
        self,
        division: Division,
        seed: int,
        name: str,
        kind: Kind,
        identity: Mapping[str, Any],
        own: str | None,
        missing: str,
    ) -> Trial:
        steps = () if own is None else (own, *self.steps.by_id[own].needs)
        recipe = trial_recipe(identity, self.steps.recipe(division, own))
        return Trial(
            division, name, seed, kind, identity, own, steps, unavailable=missing, recipe=recipe
        )

    def _identity(
        self,
        division: Division,
        plugins: Sequence[PluginName],
        steps: Sequence[str | None],
        settings: Mapping[str, Any],
        missing: str,
    ) -> dict[str, Any]:
        """What a record depends on. `settings`: what the suite says of it, complete with defaults."""
        return {
            "data": division.interactions.digest,
            "split": division.digest,
            "metrics": {name: self._metric(spec) for name, spec in self.suite.computed.items()},
            "steps": [step for step in steps if step],
            "plugins": []
            if missing
            else [self.steps.code(*plugin) for plugin in dict.fromkeys(plugins)],
            "settings": dict(settings),
            "harness": harness_digest(),
        }

    def _metric(self, spec: MetricSpec) -> dict[str, Any]:
        version: int = self.registry.load("metrics", spec.use).version
        digest = self.registry.code("metrics", spec.use).digest
        return {"use": spec.use, "params": dict(spec.params), "version": version, "digest": digest}

    def _pool(self) -> list[PluginName]:
        """Base models by name, so that the order of the file makes no other trial."""
        return [("models", spec.use) for _, spec in sorted(self.suite.base_models.items())]

    def _missing(self, plugins: Iterable[PluginName]) -> str:
        """Why the first of the plugins that can't be used can't be, or nothing."""
        for plugin in plugins:
            try:
                self.registry.load(*plugin)
            except PluginUnavailable as error:
                return str(error)
        return ""
