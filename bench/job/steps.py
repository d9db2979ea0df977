"""The steps of a run as plain data: what crosses to a worker is a step's JSON, never an object.

prepare and split happen in the harness's own process; `fit` (a base model on some rows) and `select` (a method over the pool)
are handed to an executor. Each leaves a folder in the cache, named by the hash of all that it depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bench.settings import BasePredictions, MetaTrainSettings, Select, TrainSettings

__all__ = ["FitStep", "MetaPart", "PluginUse", "SelectStep", "Step", "parse_step"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PluginUse(_Frozen):
    """A plugin by name, with its settings as JSON."""

    use: str
    params: dict[str, Any]
    train: TrainSettings


class MetaPart(_Frozen):
    use: str
    params: dict[str, Any]
    train: MetaTrainSettings
    full: bool  # base models are adapted too
    adapt: tuple[str, ...]  # what moves, as the suite names it
    frozen_fields: tuple[str, ...]


class Step(_Frozen):
    """Common to all; `folder` is where the result goes (made whole under another name, then renamed)."""

    kind: str
    id: str
    title: str  # for people: "ml-100k/cold fm star seed 0"
    dataset: Path  # prepared folder
    split: Path  # split folder
    folder: Path
    needs: tuple[str, ...] = ()  # ids of steps
    base_predictions: BasePredictions
    folds: int  # 0: none, every slot of rows is predicted by the star fit
    fold_seed: int
    seed: int
    threads: int = 1
    plugins: tuple[Path, ...] = ()
    autoload: bool = True


class FitStep(Step):
    """Fit one base model as `variant` (see bench.data.splits.base_predictions) and predict the rows that fall to it."""

    kind: Literal["fit"] = "fit"
    model: PluginUse
    variant: str
    files: dict[str, Path] = {}  # that the model reads


class SelectStep(Step):
    """Fit a method over the pool and predict validation and test users' query."""

    kind: Literal["select"] = "select"
    models: tuple[str, ...]  # the pool, by name
    fits: dict[str, dict[str, Path]]  # model -> variant -> folder of its fit step
    pool: dict[str, PluginUse]
    selector: PluginUse
    meta_learner: MetaPart | None = None
    select: Select = "soft"
    calibrate: Literal["user"] | None = None
    support_rows: int | None = None  # of each validation and test user the last so many; None: all


_ANY_STEP: TypeAdapter[FitStep | SelectStep] = TypeAdapter(Annotated[FitStep | SelectStep, Field(discriminator="kind")])


def parse_step(text: str) -> FitStep | SelectStep:
    """From `model_dump_json`."""
    return _ANY_STEP.validate_json(text)
