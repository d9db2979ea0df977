"""The steps of a plan, each made once and named by the hash of all that it depends on.

A variant is one of a base model's fits, star the one that predicts test users; a source says where base predictions come
from. bench.data.splits.base_predictions has the table of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.data.splits.base_predictions import STAR, FitPlan, fitted_as
from bench.interfaces import Model
from bench.job.code import harness_digest
from bench.job.environment import software
from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.job.step_rules import wider
from bench.job.steps import FitStep, ReadFile, SelectStep
from bench.records import digest
from bench.registry import Registry
from bench.run.planning.recipes import Recipe, division_recipe, fits_recipe, recipe_of
from bench.run.planning.step_titles import fitted_on, step_title
from bench.scoring.division import Division
from bench.settings import BasePredictions, PredictionSource
from bench.suite import Suite

__all__ = ["PlannedSteps"]

S = TypeVar("S", FitStep, SelectStep)


@dataclass(frozen=True)
class PlannedSteps:
    """`files`: base model to the files that it reads; the rest as in a step."""

    suite: Suite
    registry: Registry
    files: Mapping[str, Mapping[str, ReadFile]]
    cache: Path
    resources: Resources
    plugin_paths: tuple[Path, ...]
    by_id: dict[str, FitStep | SelectStep] = field(default_factory=dict)
    # by id and division: two protocols may share a step, and say otherwise how it follows from the seed
    recipes: dict[tuple[str, str], Recipe] = field(default_factory=dict)

    def fit(
        self,
        division: Division,
        seed: int,
        name: str,
        variant: str,
        base_predictions: BasePredictions,
    ) -> FitStep:
        """The fit of a base model as a variant, for methods of these base predictions."""
        spec = self.suite.base_models[name]
        learns = self._learns(spec)
        if not learns:  # nothing is fitted on rows, so that all sources are the same
            variant, base_predictions = STAR, "in-sample"
        source = PredictionSource(
            base_predictions=fitted_as(variant, base_predictions),
            folds=0 if variant == STAR else division.source.folds,
            seed=division.source.seed,
        )
        depends = {
            "model": spec.model_dump(mode="json"),
            "code": self._digest("models", spec.use),
            "variant": variant,
            **self._read(division, name),
        }
        rows = fitted_on(variant, source, division.split.setting) if learns else ""
        common = self._common(
            "fit", division, seed, [("models", spec.use)],
            owner=name, rows=rows, source=source, depends=depends,
        )  # fmt: skip
        return self._kept(
            FitStep(**common, model=spec, variant=variant, files=dict(self.files[name]))
        )

    def select(self, division: Division, seed: int, name: str, method: MethodSpec) -> SelectStep:
        """A method over the pool, with the fits that it needs."""
        source = PredictionSource(
            base_predictions=method.base_predictions_under(division.source.base_predictions),
            folds=0,
            seed=division.source.seed,
        )
        if not (
            method.full or source.base_predictions == "in-sample"
        ):  # else star predicts every slot
            source = source.model_copy(update={"folds": division.source.folds})
        # the order of the file makes no other step
        pool = dict(sorted(self.suite.base_models.items()))
        fits = self._fits(division, seed, source, pool)
        needs = tuple(
            dict.fromkeys(step.id for by_variant in fits.values() for step in by_variant.values())
        )
        depends = {
            "method": method.model_dump(mode="json"),
            "code": self._code_of(method),
            # by model and variant: which model has which fit, not only which fits there are
            "fits": {
                model: {variant: fit.id for variant, fit in by_variant.items()}
                for model, by_variant in fits.items()
            },
        }
        step = SelectStep(
            **self._common(
                "select",
                division,
                seed,
                self._used_by(method, pool),
                owner=name,
                rows="",
                source=source,
                depends=depends,
            ),
            needs=needs,
            method=method,
            pool=pool,
            fits={
                model: {v: fit.folder for v, fit in by_variant.items()}
                for model, by_variant in fits.items()
            },
        )
        return self._kept(step)

    def recipe(self, division: Division, step: str | None) -> Recipe:
        """Of a step of that division, None: of the division alone."""
        if step:
            return self.recipes[step, division.name]
        spec = self.suite.protocols[division.protocol]
        return recipe_of({"division": division_recipe(division, spec, self.registry)})

    def code(self, kind: str, name: str) -> dict[str, str]:
        """Of a plugin: name, kind, origin, version and digest."""
        return dict(self.registry.code(kind, name)._asdict())

    def _kept(self, step: S) -> S:
        """One that two base models or methods of the same settings share runs as the more patient of them says."""
        known = self.by_id.setdefault(step.id, step)
        if (known.limits, known.exclusive) != (step.limits, step.exclusive):
            rules = {
                "limits": wider(known.limits, step.limits),
                "exclusive": known.exclusive or step.exclusive,
            }
            self.by_id[step.id] = known.model_copy(update=rules)
        return step

    def _fits(
        self,
        division: Division,
        seed: int,
        source: PredictionSource,
        pool: Mapping[str, BaseModelSpec],
    ) -> dict[str, dict[str, FitStep]]:
        """Model to variant to step."""
        variants = [fit.variant for fit in FitPlan(division.split, source).fits]
        return {
            model: {
                variant: self.fit(division, seed, model, variant, source.base_predictions)
                for variant in variants
            }
            for model in pool
        }

    def _read(self, division: Division, name: str) -> dict[str, Any]:
        """What the files of a base model are to it: they may be joined by the ids of users and items."""
        files = {file: read.sha256 for file, read in self.files[name].items()}
        ids = {"ids": division.interactions.ids_digest} if files else {}
        return {"files": files, **ids}

    def _common(
        self,
        kind: str,
        division: Division,
        seed: int,
        plugins: Sequence[tuple[str, str]],
        *,
        owner: str,
        rows: str,
        source: PredictionSource,
        depends: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The fields that all steps share. `plugins`: kind and name of those that it uses; `rows`: of a fit, in words;
        `depends`: what it depends on beside the fields."""
        of_all_seeds = {
            "kind": kind,
            "data": division.interactions.digest,
            "resources": self.resources.model_dump(mode="json"),
            "software": software(),
            "harness": harness_digest(),
            **depends,
        }
        of_this_seed = {
            "split": division.digest,
            "source": source.model_dump(mode="json"),
            "seed": seed,
        }
        identity = digest(of_all_seeds | of_this_seed)[:32]
        self.recipes[identity, division.name] = self._recipe(division, source, of_all_seeds)
        rules = self.suite.rules_of(owner)
        return {
            "id": identity,
            "title": step_title(division.name, owner, rows, seed),
            "owner": owner,
            "cache": self.cache,
            "dataset": division.interactions.folder,
            "split": division.folder,
            "folder": self.cache / "steps" / f"{kind}-{identity}",
            "source": source,
            "seed": seed,
            "resources": self.resources,
            "limits": rules.in_force,
            "exclusive": rules.exclusive,
            "harness": harness_digest(),
            "plugins": tuple(self.registry.used(*plugin) for plugin in plugins),
            "plugin_paths": self.plugin_paths,
        }

    def _recipe(
        self, division: Division, source: PredictionSource, of_all_seeds: Mapping[str, Any]
    ) -> Recipe:
        """The parts of a step's identity that no seed moves; a fit stands there by its own recipe."""
        parts = {**of_all_seeds, "source": source.model_dump(mode="json", exclude={"seed"})}
        if "fits" in parts:
            parts["fits"] = fits_recipe(
                {
                    model: {
                        variant: self.recipe(division, fit) for variant, fit in by_variant.items()
                    }
                    for model, by_variant in parts["fits"].items()
                }
            )
        return {**self.recipe(division, None), **recipe_of(parts)}

    def _used_by(
        self, method: MethodSpec, pool: Mapping[str, BaseModelSpec]
    ) -> list[tuple[str, str]]:
        """Kind and name of the plugins that a method's step uses: base models where it adapts them."""
        plugins = [("selectors", method.selector.use)]
        if method.meta_learner is not None:
            plugins.append(("meta_learners", method.meta_learner.use))
        if method.full:
            plugins += [("models", spec.use) for spec in pool.values()]
        return list(dict.fromkeys(plugins))

    def _code_of(self, method: MethodSpec) -> list[str]:
        digests = [self._digest("selectors", method.selector.use)]
        if method.meta_learner is not None:
            digests.append(self._digest("meta_learners", method.meta_learner.use))
        return digests

    def _digest(self, kind: str, name: str) -> str:
        """Of a plugin's sources, wherever they lie."""
        return self.registry.code(kind, name).digest

    def _learns(self, spec: BaseModelSpec) -> bool:
        plugin = self.registry.load("models", spec.use)
        return not issubclass(plugin, Model) or plugin.learns
