"""From a run to its report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.evaluate import HIGHER_IS_BETTER, Line, marks, ordered, summarise
from bench.records import Run
from bench.report.cost import cost
from bench.report.model import BaseModelFacts, Failure, Figure, Report, Row, Section, Shift

__all__ = ["build"]

Record = Mapping[str, Any]
_LEAD = "logloss"  # rows are ordered by it
_COLUMNS = ("logloss", "auc", "relaimpr", "gauc")
_KINDS = ("method", "base_model", "best_single", "bound")


def build(run: Run) -> Report:
    """What there is to say of a run: a section for each dataset and protocol, and what went wrong."""
    manifest = run.manifest
    metrics = tuple(sorted(manifest["metrics"], key=lambda name: (*_COLUMNS, name).index(name)))
    records = {record["id"]: record for record in run.records}
    sections: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for trial in manifest["trials"]:
        sections[trial["dataset"], trial["protocol"]].append(trial)
    return Report(
        suite=manifest["suite"]["name"],
        status=manifest["status"],
        seeds=tuple(manifest["seeds"]),
        metrics=metrics,
        relaimpr_base=manifest["relaimpr_base"],
        sections=tuple(_section(manifest, metrics, trials, records) for trials in sections.values()),
        failures=tuple(failure for trial in manifest["trials"] for failure in _failures(trial, records)),
        conflicts=tuple(conflict.files for conflict in run.conflicts),
        quarantined=tuple((one["origin"], one["reason"]) for one in manifest["plugins"]["quarantined"]),
    )


def _failures(trial: Record, records: Mapping[str, Record]) -> list[Failure]:
    names = {key: trial[key] for key in ("dataset", "protocol", "method", "seed")}
    record = records.get(trial["record"])
    if record is None:
        return [Failure(**names, status="missing", reason="no record")]
    return [] if record["status"] == "ok" else [Failure(**names, status=record["status"], reason=record["reason"])]


def _section(
    manifest: Record, metrics: Sequence[str], trials: Sequence[Record], known: Mapping[str, Record]
) -> Section:
    dataset, protocol = trials[0]["dataset"], trials[0]["protocol"]
    records = [known[trial["record"]] for trial in trials if trial["record"] in known]
    good = [record for record in records if record["status"] == "ok"]
    kinds = {trial["method"]: trial["kind"] for trial in trials}
    lines = summarise(kinds, records, manifest["seeds"], metrics, manifest["relaimpr_base"])
    directions = HIGHER_IS_BETTER | manifest.get("higher_is_better", {})
    return Section(
        dataset=dataset,
        protocol=protocol,
        dataset_facts=manifest["datasets"].get(dataset, {}),
        split_facts=manifest["splits"].get(f"{dataset}/{protocol}", {}),
        rows=_rows(lines, metrics, directions, good),
        base_models=_base_models([name for name, kind in kinds.items() if kind == "base_model"], good),
        base_predictions=_base_predictions(good),
        users_without_support=tuple(sorted({n for record in good if (n := _detail(record, "empty_support_users"))})),
        gauc_users=_gauc_users(good),
        warnings=_warnings(good),
        trials=len(trials),
        ok=len(good),
    )


# -- rows


def _rows(
    lines: Sequence[Line], metrics: Sequence[str], directions: Mapping[str, bool], good: Sequence[Record]
) -> tuple[Row, ...]:
    marked = {metric: marks(lines, metric, directions[metric]) for metric in metrics if metric in directions}
    lead = _LEAD if _LEAD in metrics else next((metric for metric in metrics if metric in directions), None)
    if lead is not None:
        lines = ordered(lines, lead, directions[lead])
    lines = sorted(lines, key=lambda line: _KINDS.index(line.kind))
    return tuple(_row(line, marked, [record for record in good if _method(record) == line.name]) for line in lines)


def _row(line: Line, marked: Mapping[str, Mapping[str, Any]], records: Sequence[Record]) -> Row:
    figures = {metric: Figure(figure, marked.get(metric, {}).get(line.name)) for metric, figure in line.metrics.items()}
    measured = cost(records) if records and line.kind != "bound" else None
    return Row(line.name, line.kind, figures, line.model, measured)


# -- what else the records tell


def _base_models(models: Sequence[str], good: Sequence[Record]) -> tuple[BaseModelFacts, ...]:
    shares = [_detail(record, "best_model_share") for record in good if _method(record) == "perfect-user"]
    return tuple(
        BaseModelFacts(model, _mean([share.get(model) for share in shares if share]), _shifts(model, good))
        for model in models
    )


def _shifts(model: str, good: Sequence[Record]) -> dict[str, Shift]:
    """Methods of one source saw the same predictions, so that each seed counts once."""
    seen: dict[str, dict[int, Record]] = defaultdict(dict)
    for record in good:
        shift = (_detail(record, "source_shift") or {}).get(model)
        if shift is not None:
            seen[_detail(record, "base_predictions") or ""][record["trial"]["seed"]] = shift
    return {
        source: Shift(*(_mean([one[slot] for one in by_seed.values()]) for slot in ("train_query", "valid_query")))
        for source, by_seed in seen.items()
    }


def _base_predictions(good: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record in good:
        source = _detail(record, "base_predictions")
        if source:
            found[source][_method(record)] = None
    return {source: tuple(methods) for source, methods in found.items()}


def _gauc_users(good: Sequence[Record]) -> tuple[int, int] | None:
    """The same for every method of a seed; where seeds split users apart, the seed with the most left out."""
    counts = [record["metrics"].get("gauc", {}).get("counts", {}) for record in good]
    pairs = [(count["users_scored"], count["users"]) for count in counts if "users_scored" in count]
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=None)


def _warnings(good: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record in good:
        for warning in _detail(record, "warnings") or ():
            found[warning][_method(record)] = None
    return {warning: tuple(methods) for warning, methods in found.items()}


def _method(record: Record) -> str:
    return str(record["trial"]["method"])


def _detail(record: Record, key: str) -> Any:
    return record["details"].get(key)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
