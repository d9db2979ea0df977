"""What crosses to the process that computes figures: paths, names and settings, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bench.registry.used_plugin import UsedPlugin
from bench.settings import PredictionSource

__all__ = [
    "AnalysisOrder",
    "DivisionOrder",
    "MetricOrder",
    "SeedOrder",
    "TrialOrder",
    "parse_order",
]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DivisionOrder(_Order):
    """Where a division lies (bench.scoring.division)."""

    dataset: str
    protocol: str
    interactions: Path  # prepared folder
    split: Path  # split folder
    digest: str
    source: PredictionSource


class MetricOrder(_Order):
    """A metric under the name that the suite gives it. `own`: the harness's."""

    name: str
    plugin: UsedPlugin
    params: dict[str, Any]
    higher_is_better: bool
    own: bool


class _Metrics(_Order):
    metrics: tuple[MetricOrder, ...]  # in the suite's order
    plugin_paths: tuple[Path, ...]  # where those lie that a user names by path
    dead: dict[str, str] = {}  # metrics that are not to be asked again, and why


class TrialOrder(_Metrics):
    """Score a trial. `own`: folder of its step; `stars`: of a bound, base model -> folder of its star fit."""

    what: Literal["trial"] = "trial"
    division: DivisionOrder
    kind: Literal["base_model", "method", "bound"]
    method: str
    own: Path | None
    stars: dict[str, Path]


class SeedOrder(_Order):
    """One seed's results. `blobs`: method -> what -> the blob's name; `pool`: none where `incomplete` says why."""

    seed: int
    division: DivisionOrder
    blobs: dict[str, dict[str, str]]
    pool: tuple[str, ...]
    incomplete: str


class AnalysisOrder(_Metrics):
    """Compare the methods of one dataset and protocol; see bench.evaluate.analyse."""

    what: Literal["analysis"] = "analysis"
    run: Path
    seeds: tuple[SeedOrder, ...]
    kinds: dict[str, str]
    best_single: str | None
    primary: str
    chosen: str | None


_ANY_ORDER: TypeAdapter[TrialOrder | AnalysisOrder] = TypeAdapter(
    Annotated[TrialOrder | AnalysisOrder, Field(discriminator="what")]
)


def parse_order(text: str) -> TrialOrder | AnalysisOrder:
    """From `model_dump_json`."""
    return _ANY_ORDER.validate_json(text)
