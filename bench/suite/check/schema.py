"""The suite's own keys. Where a plugin is used (`use`), the keys that are not named here are its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bench.adapt_sets import adapts_base_models
from bench.settings import BasePredictions, MetaTrainSettings, Select, TrainSettings

__all__ = [
    "BaseModelUse",
    "DatasetUse",
    "MetaLearnerUse",
    "MethodEntry",
    "ProtocolUse",
    "SelectorUse",
    "SuiteFile",
    "Use",
]


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("must hold visible characters alone")
    return name


def _unique(values: tuple[object, ...]) -> tuple[object, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ValueError(f"holds {value!r} twice; remove one")
    return values


_UNIQUE = Field(json_schema_extra={"uniqueItems": True})
Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Rows = Annotated[int, Field(ge=0, lt=2**31)]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Use(BaseModel):
    """A plugin and its parameters (`model_extra`)."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    use: str = Field(description="name of a plugin")


class DatasetUse(Use):
    """`datasets: NAME:`"""


class ProtocolUse(Use):
    """`protocols: NAME:`"""

    base_predictions: BasePredictions = "out-of-sample"
    folds: int = Field(5, ge=2, le=20)
    split_seed: int | Literal["trial"] = Field(0)


class BaseModelUse(Use):
    """`base_models: NAME:`"""

    train: TrainSettings = TrainSettings()


class SelectorUse(Use):
    """`selector:` of a method"""

    train: TrainSettings = TrainSettings()


class MetaLearnerUse(Use):
    """`meta_learner:` of a method"""

    train: MetaTrainSettings = MetaTrainSettings()
    adapt: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_unique), _UNIQUE]
    frozen_fields: Annotated[tuple[str, ...], AfterValidator(_unique), _UNIQUE] = ()

    @property
    def full(self) -> bool:
        """Whether base models are adapted too."""
        return adapts_base_models(self.adapt)


class MethodEntry(_Keys):
    """`methods: NAME:`"""

    selector: SelectorUse
    meta_learner: MetaLearnerUse | None = None
    base_predictions: BasePredictions | None = None
    select: Select = "soft"  # hard: each user's single best model by mean weight
    calibrate: Literal["user"] | None = None  # of the method's predictions, on each user's support
    support_rows: Rows | None = None  # of each validation and test user the last so many; None: all


class Gate(_Keys):
    """`gate:`"""

    tolerance: Mapping[str, Annotated[float, Field(ge=0)]] = Field({})


class SuiteFile(_Keys):
    """The file."""

    version: Literal[1]
    name: Name
    include: str | Annotated[tuple[str, ...], AfterValidator(_unique), _UNIQUE] = ()
    plugins: Annotated[tuple[str, ...], AfterValidator(_unique), _UNIQUE] = ()
    datasets: dict[Name, DatasetUse] = Field(min_length=1)
    protocols: dict[Name, ProtocolUse] = Field(min_length=1)
    train: TrainSettings = TrainSettings()
    base_models: dict[Name, BaseModelUse] = Field(min_length=1)
    methods: dict[Name, MethodEntry] = {}
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_unique), _UNIQUE]
    metrics: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_unique), _UNIQUE] = (
        "auc",
        "logloss",
        "relaimpr",
        "gauc",
    )
    relaimpr_base: str = "best-single"
    gate: Gate = Gate()
    grid: Mapping[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field({})
