"""The steps of a run as plain data: what crosses to a worker is a step's JSON, never an object.

prepare and split happen in the harness's own process; `fit` (a base model on some rows) and `select` (a method over the pool)
are handed to an executor. Each leaves a folder in the cache, named by the hash of all that it depends on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.processes import NO_LIMITS, Limits
from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource

__all__ = ["RESULT", "FitStep", "ReadFile", "SelectStep", "Step", "parse_step", "to_text"]

RESULT = "result.json"  # in a step's folder: its cost, details and versions


class ReadFile(NamedTuple):
    """A file that a model reads, and the sha256 of its content when the step was planned."""

    path: Path
    sha256: str


class Step(BaseModel):
    """Common to all; `folder` is where the result goes (made whole under another name, then renamed). It lies below `cache`,
    as `dataset`, `split` and the folders of fits do: who has a cache elsewhere finds them below that one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    id: str
    title: str  # for people: "ml-100k/cold fm, all training rows, seed 0"
    owner: str  # the base model or method that it is of
    cache: Path
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
    worker: str = (
        ""  # what does it, where that is not the harness's own machine; told beside the result
    )


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


def to_text(step: FitStep | SelectStep) -> str:
    """What crosses to a worker: JSON, in which folders of the cache are named as they lie below it, and all else that lies
    somewhere by its whole path."""
    said = step.model_dump(mode="json") | {
        "cache": str(step.cache.absolute()),
        "plugin_paths": [str(path.absolute()) for path in step.plugin_paths],
    }
    if isinstance(step, FitStep):
        files = step.files.items()
        said["files"] = {name: (str(file.path.absolute()), file.sha256) for name, file in files}
    return json.dumps(_moved(said, lambda folder: str(Path(folder).relative_to(step.cache))))


def parse_step(text: str, cache: Path | None = None) -> FitStep | SelectStep:
    """From `to_text`. `cache`: where it lies for who reads this, if not where the step says."""
    said = json.loads(text)
    root = Path(cache or said["cache"])
    located = _moved(said | {"cache": str(root)}, lambda folder: str(root / folder))
    return _ANY_STEP.validate_json(json.dumps(located))


def _moved(said: dict[str, Any], move: Callable[[str], str]) -> dict[str, Any]:
    """With other names for its folders of the cache."""
    moved = {name: move(said[name]) for name in ("dataset", "split", "folder")}
    if "fits" not in said:
        return said | moved
    fits = {
        model: {variant: move(folder) for variant, folder in variants.items()}
        for model, variants in said["fits"].items()
    }
    return said | moved | {"fits": fits}
