"""Settings that the harness reads beside a plugin's own, the same in every suite."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "PARAMETER_GROUPS",
    "RESERVED_KEYS",
    "BasePredictions",
    "MetaTrainSettings",
    "PredictionSource",
    "Select",
    "TrainSettings",
]

BasePredictions = Literal["out-of-sample", "holdout", "in-sample"]
Select = Literal["soft", "hard"]

# Keys that the harness reads where a plugin is used; no plugin's Params may have them.
RESERVED_KEYS = frozenset(
    {
        "use",
        "train",
        "adapt",
        "frozen_fields",
        "base_predictions",
        "folds",
        "split_seed",
        "limits",
        "timing",
    }
)

# Of what a meta-learner adapts: all of the selector; of base models by kind, their tables by the side of the row's field.
PARAMETER_GROUPS = ("selector", "bias", "dense", "user", "item", "context")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TrainSettings(_Settings):
    """`train:` of base models and of selectors that are trained row by row."""

    batch_size: int = Field(4096, ge=1, description="rows a step")
    optimizer: Literal["adam", "adagrad"] = Field(
        "adam",
        description="Adam (Kingma and Ba 2015) or AdaGrad (Duchi et al. 2011), which wants about ten times Adam's rate",
    )
    learning_rate: float = Field(2e-3, gt=0, le=10, description="of the optimizer")
    precision: Literal["float32", "bf16"] = Field(
        "float32",
        description="of the products of layers in training; sums, tables and optimizer are float32",
    )
    epochs: int = Field(12, ge=1, description="at most so many passes over the training rows")
    patience: int = Field(
        2, ge=0, description="epochs without a better validation log loss before training stops"
    )
    l2: float = Field(
        2e-3,
        ge=0,
        description="weight of the squared looked-up rows of every table but `linear`, per row",
    )


class MetaTrainSettings(_Settings):
    """`train:` of a meta-learner: the outer loop."""

    users: int = Field(64, ge=1, description="users a step")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="of Adam, for the selector")
    base_learning_rate: float = Field(1e-4, gt=0, le=10, description="of Adam, for the base models")
    rate_learning_rate: float = Field(
        5e-2, gt=0, le=10, description="of Adam, for what the rule learns, e.g. rates"
    )
    epochs: int = Field(10, ge=1, description="at most so many passes over the training users")
    patience: int = Field(
        2, ge=0, description="epochs without a better validation log loss before training stops"
    )
    episodes: Literal["chronological", "random", "window", "like-test"] = Field(
        "chronological", description="how a user's support and query are drawn in training"
    )
    support_fraction: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of an episode that is support (not like-test); 0: as the protocol divides",
    )
    max_rows: int = Field(
        200, ge=2, le=100_000, description="rows of a user in an episode, at most"
    )
    max_support: int = Field(
        100, ge=3, le=100_000, description="rows of a support like-test, at most"
    )


class PredictionSource(_Settings):
    """Where a method's base predictions come from (bench.data.splits.base_predictions has the table)."""

    base_predictions: BasePredictions = "out-of-sample"
    folds: int = Field(
        0, ge=0, description="0: none, every slot of rows is predicted by the star fit"
    )
    seed: int = Field(0, ge=0, description="of the hashes that draw folds and halves")
