"""From a run to its report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.errors import RecordError
from bench.evaluate import HIGHER_IS_BETTER, summarise
from bench.job.outcome import of_record
from bench.records import Run
from bench.report.content import record_details as told
from bench.report.content.against import run_against
from bench.report.content.analyses import analysis_fault, usable_analysis
from bench.report.content.compositions import compositions
from bench.report.content.decimals import section_decimals
from bench.report.content.edges import at_edge
from bench.report.content.machines import machines_of
from bench.report.content.made import made
from bench.report.content.model import Cited, Failure, NotAsked, Report, Section
from bench.report.content.never_better import never_better
from bench.report.content.ranks import ranks
from bench.report.content.table_rows import rows, tested
from bench.report.content.training import training
from bench.report.content.unfinished import unfinished

__all__ = ["build", "check_run"]

Record = Mapping[str, Any]
_READ = (
    "suite", "status", "seeds", "datasets", "splits", "plugins", "primary", "metrics", "relaimpr_base",
)  # fmt: skip


def build(run: Run, against: str | None = None) -> Report:
    """What there is to say of a run: a section for each dataset and protocol, what went wrong, and what was never asked for.
    `against`: the base model or method that differences are from (default: the suite's `against`; "best-single" is one too).

    Raises RecordError where the manifest lacks what a report is made of, BenchError where nothing can be held against that
    method."""
    manifest = run.manifest
    check_run(run)
    if against is not None:
        run = run_against(run, against)
    primary = manifest["primary"]
    metrics = tuple(sorted(manifest["metrics"], key=lambda name: name != primary))
    records = {record["id"]: record for record in run.records}
    sections: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for trial in manifest["trials"]:
        sections[trial["dataset"], trial["protocol"]].append(trial)
    made_of = [_section(run, metrics, trials, records) for trials in sections.values()]
    found = tuple(section for section, _ in made_of)
    return Report(
        suite=manifest["suite"]["name"],
        status=manifest["status"],
        seeds=tuple(manifest["seeds"]),
        metrics=metrics,
        relaimpr_base=manifest["relaimpr_base"],
        sections=found,
        failures=tuple(
            failure
            for trial in manifest["trials"]
            if _asked(trial)
            for failure in _failures(trial, records)
        ),
        conflicts=tuple(conflict.files for conflict in run.conflicts),
        quarantined=tuple(
            (one["origin"], one["reason"]) for one in manifest["plugins"].get("quarantined", ())
        ),
        not_asked=_not_asked(manifest["trials"]),
        analysis_fault=analysis_fault(run, [fault for _, fault in made_of]),
        citations=_citations(manifest["plugins"]),
        made=made(run),
        ranks=ranks(found),
        compositions=compositions(run),
    )


def _citations(plugins: Record) -> tuple[Cited, ...] | None:
    found = plugins.get("citations")
    if found is None:
        return None
    return tuple(Cited(one["kind"], one["name"], one["citation"]) for one in found)


def check_run(run: Run) -> None:
    """Raise RecordError where the manifest lacks what a report is made of."""
    for key in _READ:
        if run.manifest.get(key) is None:
            raise RecordError(
                f"{run.folder / 'manifest.json'}: no manifest: {key} is missing; remove it and run again"
            )


def _asked(trial: Record) -> bool:
    return bool(trial.get("asked", True))


def _not_asked(trials: Sequence[Record]) -> tuple[NotAsked, ...]:
    seeds: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for trial in trials:
        if not _asked(trial):
            seeds[trial["dataset"], trial["protocol"], trial["method"]].append(trial["seed"])
    return tuple(NotAsked(*of, tuple(sorted(found))) for of, found in seeds.items())


def _failures(trial: Record, records: Mapping[str, Record]) -> list[Failure]:
    names = {key: trial[key] for key in ("dataset", "protocol", "method", "seed")}
    record = records.get(trial["record"])
    if record is None:
        return [Failure(**names, status="missing", reason="no record")]
    outcome = of_record(record)
    if outcome.ok:
        return []
    needed = outcome.waited_for
    return [
        Failure(
            **names,
            status=outcome.label,
            reason=outcome.reason,
            needed=None if needed is None else needed.owner,
            needed_ended="" if needed is None else f"{needed.ended.label}: {needed.ended.reason}",
            log=outcome.log if needed is None else needed.ended.log,
        )
    ]


def _section(
    run: Run, metrics: Sequence[str], trials: Sequence[Record], known: Mapping[str, Record]
) -> tuple[Section, str]:
    """And why its analysis can't be used."""
    manifest, dataset, protocol = run.manifest, trials[0]["dataset"], trials[0]["protocol"]
    records = [known[trial["record"]] for trial in trials if trial["record"] in known]
    good = [record for record in records if of_record(record).ok]
    kinds = {trial["method"]: trial["kind"] for trial in trials if _asked(trial)}
    lines = summarise(kinds, records, manifest["seeds"], metrics, manifest["relaimpr_base"])
    directions, primary = (
        HIGHER_IS_BETTER | manifest.get("higher_is_better", {}),
        manifest["primary"],
    )
    analysis, fault = usable_analysis(run, f"{dataset}/{protocol}", lines)
    machines = machines_of(run.records)
    found = rows(lines, directions, primary, good, manifest["seeds"], analysis, machines)
    section = Section(
        dataset=dataset,
        protocol=protocol,
        dataset_facts=manifest["datasets"].get(dataset, {}),
        split_facts=manifest["splits"].get(f"{dataset}/{protocol}", {}),
        rows=found,
        base_models=told.base_models(
            [name for name, kind in kinds.items() if kind == "base_model"], good
        ),
        base_predictions=told.base_predictions(good),
        users_without_support=told.no_support(good),
        gauc_users=told.users_scored(good, "gauc"),
        warnings=told.warnings(good),
        trials=len(trials),
        ok=len(good),
        analysis=analysis,
        tested=tested(lines, directions, analysis),
        calibrated=told.calibrated(good),
        support_rows=told.support_rows(good),
        from_files=told.from_files(good),
        training_users=told.training_users(good),
        unfinished=unfinished(good),
        never_better=never_better(good),
        at_edge=at_edge(good, manifest["plugins"].get("limits", {})),
        training=training(good),
        seeds=tuple(manifest["seeds"]),
        primary=primary,
        higher_is_better=directions.get(primary, False),
        extreme=told.extreme(good),
        users_scored={
            metric: counts
            for metric in metrics
            if metric != "gauc" and (counts := told.users_scored(good, metric)) is not None
        },
        decimals=section_decimals(found, analysis, primary),
        invalid_primary=told.invalid_everywhere(good, primary),
    )
    return section, fault
