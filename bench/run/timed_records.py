"""How long steps took, by the records of runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import StorageError
from bench.job.environment import environment
from bench.job.resources import Resources
from bench.job.spec import BaseModelSpec, MethodSpec
from bench.records import read_record
from bench.run.step_kinds import Kind, kind_of_spec
from bench.run.timed_settings import Timed, settings_of

__all__ = ["TimedRecord", "cpu_seconds", "rates_of_other_data", "timed_records"]

_MOST = 2000  # records that are read for an estimate


class TimedRecord(NamedTuple):
    """`rows`: on which a base model was fitted, as far as the record tells; 0 of a method."""

    spec: BaseModelSpec | MethodSpec
    data: str
    split: str
    processor: str
    cpu_s: float
    rows: float

    @property
    def kind(self) -> Kind:
        return kind_of_spec(self.spec)


def timed_records(run: Path) -> Iterator[TimedRecord]:
    """Of a run's folder. One that can't be read is left out: an estimate does without it, and who reads the run is told."""
    for file in sorted((run / "records").glob("*.json")):
        try:
            found = _timed(read_record(file))
        except (StorageError, ValueError, KeyError, TypeError):
            continue
        if found is not None:
            yield found


def rates_of_other_data(runs: Path) -> Mapping[Kind, list[Timed]]:
    """CPU seconds a row that base models may see, by the records of all runs of a folder that this processor computed."""
    here = environment(Resources())["processor"]
    found: dict[Kind, list[Timed]] = defaultdict(list)
    folders = (path.parent for path in sorted(runs.glob("*/records")))
    every = islice((one for run in folders for one in timed_records(run)), _MOST)
    records = [one for one in every if one.processor == here]
    rows = {(one.data, one.split): one.rows for one in records if one.rows}
    for one in records:
        if of_all := rows.get((one.data, one.split)):
            found[one.kind].append(Timed(one.cpu_s / of_all, settings_of(one.spec)))
    return found


def cpu_seconds(cost: Mapping[str, Any]) -> float | None:
    """Of fitting and predicting."""
    train, predict = cost.get("train_cpu_s"), cost.get("predict_cpu_s")
    return None if train is None else float(train) + float(predict or 0.0)


def _timed(record: Mapping[str, Any]) -> TimedRecord | None:
    cost, identity = record["cost"]["own"], record["identity"]
    seconds = cpu_seconds(cost)
    if seconds is None or record["kind"] not in ("base_model", "method"):
        return None
    place = identity["data"], identity["split"], record["environment"].get("processor", "")
    if record["kind"] == "method":
        method = MethodSpec.model_validate(identity["settings"])
        return TimedRecord(method, *place, seconds, 0)
    model = BaseModelSpec.model_validate(identity["settings"])
    passes = record["details"].get("epochs") or 1
    return TimedRecord(model, *place, seconds, (cost["train_rows"] or 0) / passes)
