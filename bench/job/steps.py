"""The steps of a run as plain data: what crosses to a worker is a step's JSON, never an object.

prepare and split happen in the harness's own process; `fit` (a base model on some rows) and `select` (a method over the pool)
are handed to an executor. Each leaves a folder in the cache, named by the hash of all that it depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.processes import NO_LIMITS, Limits
from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource

__all__ = ["RESULT", "FitStep", "ReadFile", "SelectStep", "Step", "parse_step"]

RESULT = "result.json"  # in a step's folder: its cost, details and versions


class ReadFile(NamedTuple):
    """A file that a model reads, and the sha256 of its content when the step was planned."""

    path: Path
    sha256: str


class Step(BaseModel):
    """Common to all; `folder` is where the result goes (made whole under another name, then renamed)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    id: str
    title: str  # for people: "ml-100k/cold fm, all training rows, seed 0"
    owner: str  # the base model or method that it is of
    dataset: Path  # prepared folder
    split: Path  # split folder
    folder: Path
    needs: tuple[str, ...] = ()  # ids of steps
    source: PredictionSource
    seed: int
    resources: Resources = Resources()
    limits: Limits = NO_LIMITS  # no part of what it is, nor is whether nothing may run beside it
    exclusive: bool = False
    harness: str  # digest of the harness's code that computes (bench.job.code)
    plugins: tuple[UsedPlugin, ...]  # that it uses
    plugin_paths: tuple[Path, ...] = ()  # where those lie that a user names by path


class FitStep(Step):
    """Fit one base model as `variant` (see bench.data.splits.base_predictions) and predict the rows that fall to it."""

    kind: Literal["fit"] = "fit"
    model: BaseModelSpec
    variant: str
    files: dict[str, ReadFile] = {}  # that the model reads, by its names

    @property
    def paths(self) -> dict[str, Path]:
        """Where those files lie."""
        return {name: file.path for name, file in self.files.items()}


class SelectStep(Step):
    """Fit a method over the pool and predict validation and test users' query."""

    kind: Literal["select"] = "select"
    method: MethodSpec
    pool: dict[str, BaseModelSpec]  # by name, ascending
    fits: dict[str, dict[str, Path]]  # model -> variant -> folder of its fit step

    @property
    def models(self) -> tuple[str, ...]:
        """The pool's names."""
        return tuple(self.pool)


_ANY_STEP: TypeAdapter[FitStep | SelectStep] = TypeAdapter(
    Annotated[FitStep | SelectStep, Field(discriminator="kind")]
)


def parse_step(text: str) -> FitStep | SelectStep:
    """From `model_dump_json`."""
    return _ANY_STEP.validate_json(text)
