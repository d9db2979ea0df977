"""What people are told that a step is. No identity depends on it."""

from __future__ import annotations

from bench.data.splits.base_predictions import FRONT, STAR
from bench.settings import PredictionSource

__all__ = ["fitted_on", "step_title"]


def step_title(place: str, owner: str, rows: str, seed: int) -> str:
    """`ml-100k/cold fm, fold 2 of 5, seed 0`; `rows` is empty where a step is no fit."""
    return ", ".join(filter(None, [f"{place} {owner}", rows, f"seed {seed}"]))


def fitted_on(variant: str, source: PredictionSource, setting: str) -> str:
    """The rows of a fit in words (bench.data.splits.base_predictions has them in full)."""
    if variant == FRONT:
        return "rows before every query"
    if variant != STAR:
        return f"fold {int(variant.removeprefix('fold-')) + 1} of {source.folds}"
    if source.base_predictions != "holdout":
        return "all training rows"
    return "half of the training users" if setting == "cold" else "support rows"
