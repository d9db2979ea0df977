"""A base model and a method as a suite says them, complete with defaults: made once, then embedded in the steps that compute
them and in their records. A new key of a method is a line here, and a place in bench.worker that reads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bench.adapt_sets import adapts_base_models
from bench.settings import BasePredictions, MetaTrainSettings, Select, TrainSettings

__all__ = [
    "UNIQUE",
    "BaseModelSpec",
    "MetaLearnerKeys",
    "MetaLearnerSpec",
    "MethodKeys",
    "MethodSpec",
    "SelectorSpec",
    "unique",
]

Rows = Annotated[int, Field(ge=0, lt=2**31)]
UNIQUE = Field(json_schema_extra={"uniqueItems": True})


def unique(values: tuple[object, ...]) -> tuple[object, ...]:
    """The values; ValueError where one is there twice."""
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ValueError(f"holds {value!r} twice; remove one")
    return values


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseModelSpec(_Frozen):
    """`use` names a plugin; `params` are its own, complete with defaults, as JSON."""

    use: str
    params: dict[str, Any]
    train: TrainSettings  # the suite's, overridden by the model's own; not read of a plain Model


class SelectorSpec(_Frozen):
    """`selector:` of a method."""

    use: str
    params: dict[str, Any]
    train: TrainSettings


class MetaLearnerKeys(BaseModel):
    """Keys of `meta_learner:` beside the plugin and its parameters; the suite's schema has them too."""

    train: MetaTrainSettings = MetaTrainSettings()
    # What moves: selector, base_models, a base model, or parts of one ("deepfm/deep").
    adapt: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(unique), UNIQUE]
    frozen_fields: Annotated[tuple[str, ...], AfterValidator(unique), UNIQUE] = ()

    @property
    def full(self) -> bool:
        """Whether base models are adapted too."""
        return adapts_base_models(self.adapt)


class MetaLearnerSpec(MetaLearnerKeys, _Frozen):
    """`meta_learner:` of a method."""

    use: str
    params: dict[str, Any]


class MethodKeys(BaseModel):
    """Keys of a method beside its plugins; the suite's schema has them too."""

    base_predictions: BasePredictions | None = None  # overrides the protocol's
    select: Select = "soft"  # hard: each user's single best model by mean weight
    calibrate: Literal["user"] | None = None  # of the method's predictions, on each user's support
    support_rows: Rows | None = None  # of each validation and test user the last so many; None: all


class MethodSpec(MethodKeys, _Frozen):
    """A selector over the pool, or under a meta-learner."""

    selector: SelectorSpec
    meta_learner: MetaLearnerSpec | None = None

    @property
    def full(self) -> bool:
        """Whether base models are adapted too."""
        return self.meta_learner is not None and self.meta_learner.full

    def base_predictions_under(self, protocol: BasePredictions) -> BasePredictions:
        """Its own, or the protocol's; where base models are adapted, whose predictions can't be out of sample: in-sample."""
        if self.base_predictions is not None:
            return self.base_predictions
        return "in-sample" if self.full and protocol != "holdout" else protocol
