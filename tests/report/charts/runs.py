"""Runs for charts: with many methods, and with curves of training."""

from __future__ import annotations

from typing import Any

from bench.evaluate import analysis_to_json
from bench.records import Run, digest
from bench.report import build
from bench.report.content.model import Section
from tests.report.analyses import analysis_of

__all__ = ["analysed", "curves", "many", "section", "values"]

Records = list[dict[str, Any]]


def section(run: Run) -> Section:
    """The first one."""
    return build(run).sections[0]


def many(count: int, records: Records, manifest: dict[str, Any]) -> None:
    """An edit: so many methods more, like gating, each a little worse."""
    for source in [one for one in records if one["trial"]["method"] == "gating"]:
        for number in range(count):
            trial = source["trial"] | {"method": f"method-{number:03d}"}
            metrics = {
                name: score | {"value": score["value"] + 0.0001 * number}
                for name, score in source["metrics"].items()
            }
            added = source | {"trial": trial, "id": digest(trial)[:32], "metrics": metrics}
            records.append(added)
            manifest["trials"].append(
                {**trial, "kind": "method", "record": added["id"], "status": "ok"}
            )


def analysed(run: Run) -> Run:
    """With an analysis of all its methods."""
    return run._replace(analyses={"ml-1m/cold": analysis_to_json(analysis_of(run))})


def curves(losses: dict[str, dict[str, Any]], records: Records, _: dict[str, Any]) -> None:
    """An edit: what records tell of training, by method."""
    for record in records:
        told = losses.get(record["trial"]["method"])
        if told is not None:
            record["details"] = record["details"] | told


def values(run: Run, metric: str = "logloss") -> dict[str, list[float]]:
    """What the records say, by method, in the order of seeds."""
    found: dict[str, list[float]] = {}
    for one in run.records:
        found.setdefault(one["trial"]["method"], []).append(one["metrics"][metric]["value"])
    return found
