"""What a run says of itself as a whole: its suite, data, splits, and every trial of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.data.oddities import oddities
from bench.data.views.interactions import Interactions
from bench.errors import NoRunError
from bench.interfaces import Metric
from bench.records import (
    SCHEMA,
    alone,
    followed,
    read_manifest,
    records_of,
    trial_of,
    write_manifest,
)
from bench.registry import Registry, recorded
from bench.run.given_plugins import given_plugins
from bench.run.limits import limits
from bench.run.planning.trials import Plan, Trial
from bench.run.plugin_texts import citations, summaries
from bench.run.split_facts import split_facts
from bench.scoring.division import Divisions
from bench.suite import Suite
from bench.suite.resolved import named_plugins

__all__ = ["begin", "earlier_seeds", "end", "of_plan"]

Manifest = dict[str, Any]


def of_plan(
    suite: Suite,
    registry: Registry,
    metrics: Mapping[str, Metric],
    divisions: Divisions,
    plan: Plan,
) -> Manifest:
    """The manifest of a run that begins: every trial of the suite, by its id; those asked for are marked."""
    by_name = {
        division.name: division
        for (_, _, seed), division in divisions.items()
        if seed in suite.seeds
    }
    datasets = {division.dataset: division.interactions for division in divisions.values()}
    asked = {trial.id for trial in plan.trials}
    return {
        "schema": SCHEMA,
        "suite": {"name": suite.name, "digest": suite.digest, "file": suite.file.name},
        "started": _now(),
        "ended": None,
        "status": "incomplete",
        "trials": [_line(trial, asked) for trial in plan.planned],
        "recipes": _recipes(plan),
        "datasets": {name: _dataset(interactions) for name, interactions in datasets.items()},
        "splits": {
            name: {
                "use": suite.protocols[division.protocol].use,
                **split_facts(division.plan, division.interactions),
                "digest": division.digest,
                "by_seed": suite.protocols[division.protocol].split_seed is None,
            }
            for name, division in by_name.items()
        },
        "plugins": {
            "quarantined": [
                {"origin": recorded(plugin.origin), "reason": plugin.reason}
                for plugin in registry.quarantined
            ],
            "citations": citations(suite, registry),
            "summaries": summaries(suite, registry),
            "given": given_plugins(suite, registry),
            "named": named_plugins(suite),
            "limits": limits(suite, registry),
        },
        "primary": suite.primary,
        "against": suite.against,
        "relaimpr_base": suite.relaimpr_base,
        "metrics": list(suite.metrics),
        "higher_is_better": {name: metric.higher_is_better for name, metric in metrics.items()},
        "tolerance": dict(suite.tolerance),
        "gate": suite.margins.model_dump(mode="json"),
        "seeds": list(suite.seeds),
    }


def _recipes(plan: Plan) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """Of each method, by dataset and protocol; its seeds share it."""
    found: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for trial in plan.planned:
        of_dataset = found.setdefault(trial.division.dataset, {})
        of_dataset.setdefault(trial.division.protocol, {})[trial.method] = dict(trial.recipe)
    return found


def earlier_seeds(folder: Path) -> tuple[int, ...]:
    """Seeds that earlier commands asked for, ascending; none where there is no run yet. RecordError for a damaged manifest."""
    earlier = _earlier(folder)
    return tuple(sorted({line["seed"] for line in earlier["trials"] if line["asked"]}))


def begin(folder: Path, planned: Manifest) -> Manifest:
    """Write the manifest of a run that begins, joined with what earlier commands, or others at this moment, asked for."""
    with alone(folder):
        joined = _joined(planned, _earlier(folder))
        write_manifest(folder, joined)
    return joined


def end(folder: Path, begun: Manifest, *, interrupted: bool) -> None:
    """Bring the manifest in line with the records: it may have lines of other commands by now."""
    with alone(folder):
        try:
            last = read_manifest(folder)
        except NoRunError:
            last = begun
        said = "interrupted" if interrupted else "incomplete"
        ended = followed(last | {"status": said}, records_of(folder, last["trials"]))
        write_manifest(folder, ended | {"ended": _now()})


def _earlier(folder: Path) -> Manifest:
    try:
        return read_manifest(folder)
    except NoRunError:
        return {"trials": []}


def _joined(planned: Manifest, earlier: Manifest) -> Manifest:
    """An earlier line counts as asked for where its id is the one that the suite gives it now: what was run of an older suite,
    plugin or data is another trial. One of a seed that was not planned comes of a command that began meanwhile."""
    # a line without an id stands for what a copy's manifest has forgotten
    asked = {line["id"] or _names(line) for line in earlier["trials"] if line["asked"]}
    lines = [
        line | {"asked": line["asked"] or not asked.isdisjoint({line["id"], _names(line)})}
        for line in planned["trials"]
    ]
    seeds = {line["seed"] for line in lines}
    if earlier.get("suite") == planned["suite"]:
        lines += [line for line in earlier["trials"] if line["seed"] not in seeds]
    kept = [line for line in lines if line["asked"] or line["seed"] in planned["seeds"]]
    return planned | {"trials": kept}


def _names(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(trial_of(line).values())


def _dataset(interactions: Interactions) -> dict[str, Any]:
    kept = (
        "name", "digest", "ids", "source", "label", "order", "counts", "fields", "categories", "missing", "several_values",
        "truth",
    )  # fmt: skip
    about = {key: interactions.meta[key] for key in kept if key in interactions.meta}
    return about | oddities(interactions)


def _line(trial: Trial, asked: set[str]) -> dict[str, Any]:
    return {
        **trial.names,
        "kind": trial.kind,
        "id": trial.id,
        "asked": trial.id in asked,
        "record": None,
        "status": None,
        "needs": {
            "data": trial.identity["data"],
            "split": trial.identity["split"],
            "steps": list(trial.steps),
        },
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
