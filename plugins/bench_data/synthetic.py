"""Generated interactions whose best model for each user, and whose optimum, are known (see `planted` for the formulas)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import interfaces
from bench.interfaces import Column, Dataset, Source, Tables
from bench_data.planted import Planted, PlantedParams, generate
from bench_data.planted_truth import expected_log_loss, truth

__all__ = ["Planted", "PlantedParams", "Synthetic", "expected_log_loss", "generate", "truth"]

COLUMNS = {
    "user_id": Column("user", interfaces.Field("user_id", "categorical", "user")),
    "item_id": Column("item", interfaces.Field("item_id", "categorical", "item")),
    "timestamp": Column("order"),
    "segment": Column("feature", interfaces.Field("segment", "categorical", "user")),
    "kind": Column("feature", interfaces.Field("kind", "categorical", "item")),
    "context": Column("feature", interfaces.Field("context", "categorical", "context")),
    "price": Column("feature", interfaces.Field("price", "numeric", "context")),
}


class Synthetic(Dataset):
    """Generated users in planted groups, each best served by another model; the truth is known, no file is needed."""

    name = "synthetic"
    Params = PlantedParams
    params: PlantedParams

    def sources(self) -> Sequence[Source]:
        return (Source("generated", "", "", ()),)

    @classmethod
    def field_names(cls, params: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG003
        return [column.field.name for column in COLUMNS.values() if column.field is not None]

    def read(self, source: str, files: Mapping[str, Path]) -> Tables:  # noqa: ARG002
        planted = generate(self.params)
        return Tables(
            planted.interactions,
            COLUMNS,
            planted.users,
            planted.items,
            label="label",
            true_logit="true_logit",
            truth=truth(planted, self.params),
        )
