"""A recipe: what a step or a trial depends on but its seed, part by part. Trials of one method whose recipes are the same may
be averaged, whichever machine made them. An id says that of one seed alone, since it hangs on the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.records import digest
from bench.registry import Registry
from bench.scoring.division import Division
from bench.suite import ProtocolSpec

__all__ = ["Recipe", "division_recipe", "fits_recipe", "recipe_of", "trial_recipe"]

Recipe = dict[str, str]  # part to the digest of what it is

_HAS_THE_SEED = (
    "split",
    "steps",
    "pool",
)  # parts of a trial's identity; its steps' recipe has them


def recipe_of(parts: Mapping[str, Any]) -> Recipe:
    """Of parts that are JSON."""
    return {name: digest(part)[:32] for name, part in parts.items()}


def division_recipe(division: Division, spec: ProtocolSpec, registry: Registry) -> dict[str, Any]:
    """What a division is where each seed has one of its own: how it is made. Else the very division, and the seed of folds."""
    if spec.split_seed is not None:
        return {"split": division.digest, "seed": spec.split_seed}
    code = registry.code("protocols", spec.use).digest
    return {"use": spec.use, "params": dict(spec.params), "code": code}


def fits_recipe(fits: Mapping[str, Mapping[str, Recipe]]) -> dict[str, dict[str, str]]:
    """Of a pool's fits, by model and variant."""
    return {
        model: {variant: digest(recipe) for variant, recipe in by_variant.items()}
        for model, by_variant in fits.items()
    }


def trial_recipe(identity: Mapping[str, Any], of_its_steps: Mapping[str, str]) -> Recipe:
    """A trial's: what its identity has beside its steps, and theirs."""
    own = {name: part for name, part in identity.items() if name not in _HAS_THE_SEED}
    return {**of_its_steps, **recipe_of(own)}
