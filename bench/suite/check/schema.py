"""The suite's own keys. Where a plugin is used (`use`), the keys that are not named here are its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from bench.job.spec import UNIQUE, MetaLearnerKeys, MethodKeys, unique
from bench.job.step_rules import LimitKeys, Timing
from bench.margins import GateMargins
from bench.settings import BasePredictions, TrainSettings

__all__ = [
    "BaseModelUse",
    "DatasetUse",
    "ExecutorUse",
    "MetaLearnerUse",
    "MethodEntry",
    "MetricUse",
    "ProtocolUse",
    "Ruled",
    "SelectorUse",
    "SuiteFile",
    "Use",
    "metric_name",
]


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("must hold visible characters alone")
    if name != name.strip():
        raise ValueError("must neither begin nor end with a blank")
    return name


def _of_a_folder(name: str) -> str:
    if name.startswith(".") or set("/\\") & set(name):
        raise ValueError(f"must hold no / or \\ and not begin with a dot, {_FOLDER}")
    if (size := len(name.encode())) > _MOST_BYTES:
        raise ValueError(f"must have at most {_MOST_BYTES} bytes and has {size}, {_FOLDER}")
    return name


_MOST_BYTES = 255  # of a file's name, on the usual file systems
_FOLDER = "since the run's folder is called so; choose another name"
Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
FolderName = Annotated[
    Name,
    AfterValidator(_of_a_folder),
    Field(json_schema_extra={"pattern": r"^[^./\\\s]([^/\\]*[^/\\\s])?$"}),
]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


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


class Ruled(BaseModel):
    """Keys by which a base model or a method overrides the suite's: how its steps run."""

    limits: LimitKeys = LimitKeys()
    timing: Timing | None = None


class BaseModelUse(Ruled, Use):
    """`base_models: NAME:`"""

    train: TrainSettings = TrainSettings()


class SelectorUse(Use):
    """`selector:` of a method"""

    train: TrainSettings = TrainSettings()


class MetaLearnerUse(MetaLearnerKeys, Use):
    """`meta_learner:` of a method"""


class MethodEntry(Ruled, MethodKeys, _Keys):
    """`methods: NAME:`"""

    selector: SelectorUse
    meta_learner: MetaLearnerUse | None = None


class MetricUse(Use):
    """`metrics:` an entry with parameters, or with a name of its own"""

    name: Name | None = Field(None, alias="as", description="what tables call it")


class ExecutorUse(Use):
    """`executor:`"""


# a mapping is judged as one alone, so that a fault in it is not told of as "must be text" too
MetricEntry = Annotated[
    Annotated[str, Tag("[name]")] | Annotated[MetricUse, Tag("[mapping]")],
    Discriminator(lambda entry: "[mapping]" if isinstance(entry, dict | MetricUse) else "[name]"),
]


def metric_name(entry: str | MetricUse) -> str:
    """What tables call a metric: its `as`, else the plugin's name with the parameters that the suite sets, `ndcg k=5`."""
    if isinstance(entry, str):
        return entry
    params = (entry.model_extra or {}).items()
    own = (
        f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in params
    )
    return entry.name or " ".join([entry.use, *own])


class Gate(GateMargins):
    """`gate:`: margins are of `bench gate`, the tolerance of `bench compare`."""

    tolerance: Mapping[str, Annotated[float, Field(ge=0)]] = Field({})

    @property
    def margins(self) -> GateMargins:
        """Without the tolerance."""
        return GateMargins.model_validate(
            self.model_dump(exclude={"tolerance"}, exclude_unset=True)
        )


class SuiteFile(_Keys):
    """The file."""

    version: Literal[1]
    name: FolderName
    include: str | Annotated[tuple[str, ...], AfterValidator(unique), UNIQUE] = ()
    plugins: Annotated[tuple[str, ...], AfterValidator(unique), UNIQUE] = ()
    datasets: dict[Name, DatasetUse] = Field(min_length=1)
    protocols: dict[Name, ProtocolUse] = Field(min_length=1)
    train: TrainSettings = TrainSettings()
    base_models: dict[Name, BaseModelUse] = Field(min_length=1)
    methods: dict[Name, MethodEntry] = {}
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(unique), UNIQUE]
    metrics: Annotated[tuple[MetricEntry, ...], Field(min_length=1), UNIQUE] = (
        "auc",
        "logloss",
        "relaimpr",
        "gauc",
    )
    # the metric that verdicts are about and rows are ordered by; None: logloss, or the first of metrics
    primary: str | None = None
    against: str = "best-single"  # differences and verdicts are against it
    relaimpr_base: str = "best-single"
    gate: Gate = Gate()
    limits: LimitKeys = LimitKeys()
    timing: Timing = "shared"
    executor: ExecutorUse | None = None
    grid: Mapping[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field({})
