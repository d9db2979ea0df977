"""What a record has to look like for those who read runs: a file can be sealed and hold something else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, ValidationError

from bench.errors import RecordError
from bench.job.outcome import Outcome
from bench.margins import GateMargins

__all__ = ["Digest", "check_manifest", "check_record", "check_run_record"]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,100}$")]
Seed = Annotated[int, Field(ge=0)]
Kind = Literal["base_model", "method", "bound"]
Numbers = dict[str, FiniteFloat | None]


class _Shape(BaseModel):
    """Keys that are not named may hold anything: whoever reads them takes care."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Trial(_Shape):
    dataset: str
    protocol: str
    method: str
    seed: Seed


class _Score(_Shape):
    value: FiniteFloat | None
    reason: str = ""
    counts: dict[str, Any] = {}  # of a plugin's metric, whatever it counts


class _Version(_Shape):
    version: int
    digest: str = ""
    use: str = ""
    params: dict[str, Any] = {}


class _Plugin(_Shape):
    name: str
    origin: str
    digest: str


class _Identity(_Shape):
    data: str
    split: str
    metrics: dict[str, int | _Version]
    plugins: list[_Plugin] = []
    settings: dict[str, Any] | None = None
    harness: str = ""
    files: dict[str, str] = {}
    steps: list[str] = []


class _Cost(_Shape):
    own: Numbers
    total: Numbers


class _Record(_Shape):
    """What every record has; the rest, if it is there, has to be of its type."""

    id: Id
    outcome: Outcome
    trial: _Trial | None = None
    kind: Kind | None = None
    identity: _Identity | None = None
    steps: list[str] = []
    recipe: dict[str, str] = {}
    metrics: dict[str, _Score] = {}
    validation: Numbers = {}
    cost: _Cost | None = None
    details: dict[str, Any] = {}
    blobs: dict[str, Digest] = {}
    environment: dict[str, Any] = {}
    versions: dict[str, str] = {}


class _RunRecord(_Record):
    """What the record of a run has: that which report and comparison are made of."""

    trial: _Trial
    kind: Kind
    identity: _Identity
    metrics: dict[str, _Score]
    cost: _Cost


class _Needs(_Shape):
    data: str
    split: str
    steps: list[Id]


class _Line(_Trial):
    kind: Kind
    id: Id | None
    asked: bool
    record: Id | None
    status: str | None
    needs: _Needs | None = None  # of the cache, while there is no record


class _Suite(_Shape):
    name: str
    digest: str = ""


class _Data(_Shape):
    label: str
    counts: dict[str, Any]
    source: dict[str, Any]
    order: str | None = None


class _Split(_Shape):
    tie_share: FiniteFloat | None = None
    later_training_share: FiniteFloat | None = None


class _Quarantined(_Shape):
    origin: str
    reason: str


class _Cited(_Shape):
    kind: str
    name: str
    citation: str


class _Summarised(_Shape):
    kind: str
    name: str
    summary: str


class _Plugins(_Shape):
    quarantined: list[_Quarantined] = []
    citations: list[_Cited] = []
    summaries: list[_Summarised] = []
    given: list[str] = []
    named: list[str] = []
    # meta-learner, parameter: lowest, highest
    limits: dict[str, dict[str, list[FiniteFloat | None]]] = {}


class _Manifest(_Shape):
    trials: list[_Line]
    suite: _Suite | None = None
    status: str = ""
    datasets: dict[str, _Data] = {}
    splits: dict[str, _Split] = {}
    recipes: dict[str, dict[str, dict[str, dict[str, str]]]] = {}  # dataset, protocol, method
    plugins: _Plugins | None = None
    primary: str
    relaimpr_base: str = ""
    metrics: list[str] = []
    higher_is_better: dict[str, bool] = {}
    tolerance: dict[str, FiniteFloat] = {}
    gate: GateMargins = GateMargins()
    seeds: list[Seed] = []


def check_record(path: Path, record: dict[str, Any]) -> None:
    """RecordError, with the key, for what is no record."""
    _check(_Record, path, record, "record")


def check_run_record(path: Path, record: dict[str, Any]) -> None:
    """The same for the record of a run, which has more."""
    _check(_RunRecord, path, record, "record of a run")


def check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """RecordError, with the key, for what is no manifest."""
    _check(_Manifest, path, manifest, "manifest")


def _check(shape: type[_Shape], path: Path, value: dict[str, Any], what: str) -> None:
    try:
        shape.model_validate(value)
    except (ValidationError, OverflowError, RecursionError) as error:
        raise RecordError(
            f"{path}: no {what}: {_first(error)}; restore it from git, or remove it and run again"
        ) from error


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    found = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, found['loc']))[:100]}: {found['msg']}"
