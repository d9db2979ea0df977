"""From a plan to records: what is missing is handed to an executor, and what becomes of it is written as it ends."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bench.errors import PluginError, RecordError, StorageError
from bench.interfaces import Executor, Metric
from bench.job.outcome import OK, Outcome, no_result, of_record, unavailable
from bench.records import Run, load, read_record, record_path, write_manifest, write_record
from bench.registry import Registry
from bench.run import manifest
from bench.run.analysing import analyse_run
from bench.run.manifest import Recorded
from bench.run.planning.division import Divisions
from bench.run.planning.trials import Plan, Trial
from bench.run.progress import Watcher
from bench.run.recording import failed_record, record_of
from bench.suite import Suite

__all__ = ["Rerun", "RunState", "execute"]

Rerun = Literal["failed", "all", "none"]


@dataclass
class RunState:
    """Where a run stands."""

    suite: Suite
    registry: Registry
    plan: Plan
    metrics: Mapping[str, Metric]
    folder: Path
    watcher: Watcher
    done: set[str] = field(default_factory=set)
    failures: dict[str, Outcome] = field(default_factory=dict)  # step -> what became of it
    records: dict[str, Recorded] = field(default_factory=dict)  # by trial id


def execute(
    state: RunState,
    divisions: Divisions,
    executor: Executor,
    rerun: Rerun,
) -> Run:
    trials = state.plan.trials
    open_trials = [trial for trial in trials if not _reuse(state, trial, rerun)]
    steps = _missing_steps(state, open_trials, rerun)
    begun = manifest.started(state.suite, state.registry, state.metrics, divisions, trials)
    write_manifest(state.folder, begun)
    state.watcher.planned(len(steps), len(open_trials), len(trials) - len(open_trials))
    interrupted = True
    try:
        _do(state, open_trials, steps, executor)
        interrupted = False
    finally:
        write_manifest(
            state.folder, manifest.ended(begun, trials, state.records, interrupted=interrupted)
        )
    pool = tuple(state.suite.base_models)
    suite = state.suite
    return analyse_run(
        load(state.folder),
        divisions,
        pool,
        state.metrics,
        suite.primary,
        suite.against,
        state.watcher,
    )


def _do(state: RunState, trials: list[Trial], steps: list[str], executor: Executor) -> None:
    waiting = _record_ready(state, trials)
    submitted: set[str] = set()
    try:
        _submit_ready(state, executor, steps, submitted)
        for event in executor.events():
            if event.step not in submitted:
                raise PluginError(
                    f"executor {executor.name!r} tells of a step that it was not given"
                )
            if event.kind == "started":
                state.watcher.started(event.step, state.plan.steps[event.step].title)
            elif event.kind == "progress":
                state.watcher.progress(event.step, event.detail)
            else:
                _end_step(state, event.step, _told(executor, event.detail))
                waiting = _record_ready(state, waiting)
                _submit_ready(state, executor, steps, submitted)
        for step in submitted - state.done - state.failures.keys():
            _end_step(state, step, no_result(f"executor {executor.name!r} stopped"))
        _record_ready(state, waiting)
    except BaseException:
        executor.close(kill=True)
        raise
    executor.close()


def _told(executor: Executor, detail: str) -> Outcome:
    """What an executor says that a step came to."""
    try:
        return Outcome.model_validate_json(detail)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise PluginError(
            f"executor {executor.name!r}: a step ended with what is no outcome ({reason}); hand on what "
            "bench.worker.perform gave"
        ) from error


def _end_step(state: RunState, step: str, outcome: Outcome) -> None:
    if outcome.ok:
        state.done.add(step)
    else:
        state.failures[step] = outcome
    state.watcher.ended(step, state.plan.steps[step].title, outcome.reason)


def _submit_ready(
    state: RunState, executor: Executor, steps: list[str], submitted: set[str]
) -> None:
    for identity in steps:
        step = state.plan.steps[identity]
        if identity not in submitted and all(need in state.done for need in step.needs):
            submitted.add(identity)
            executor.submit(step.model_dump_json())


def _record_ready(state: RunState, waiting: list[Trial]) -> list[Trial]:
    """Record every trial whose steps have ended; the others go on waiting."""
    still = []
    for trial in waiting:
        outcome = _outcome(state, trial)
        if outcome is None:
            still.append(trial)
        else:
            _write(state, trial, outcome)
    return still


def _outcome(state: RunState, trial: Trial) -> Outcome | None:
    """What a trial came to; None where it still waits for a step. A failure of its own step is its own; that of a step that
    it needs makes it unavailable."""
    if trial.unavailable:
        return Outcome(status="unavailable", reason=trial.unavailable)
    failed = next((step for step in trial.steps if step in state.failures), None)
    if failed is not None:
        outcome, step = state.failures[failed], state.plan.steps[failed]
        return outcome if failed == trial.own else unavailable(step.title, step.owner, outcome)
    return OK if all(step in state.done for step in trial.steps) else None


def _write(state: RunState, trial: Trial, outcome: Outcome) -> None:
    if outcome.ok:
        record = record_of(trial, state.plan.steps, state.metrics, state.folder)
    else:
        record = failed_record(trial, state.plan.steps, outcome)
    written = write_record(state.folder, record)
    state.records[trial.id] = Recorded(written["id"], outcome)
    state.watcher.recorded(trial.title, outcome.label)


def _reuse(state: RunState, trial: Trial, rerun: Rerun) -> bool:
    """Whether an earlier run's record of this trial stands. A failed one is dropped before another try."""
    file = record_path(state.folder, trial.id)
    failed = record_path(state.folder, trial.id, ok=False)
    if rerun == "none" and failed.exists():
        state.records[trial.id] = _recorded(failed)
        return True
    failed_last = failed.exists()  # it may have a record of before: the last try counts
    _drop(failed)
    if rerun == "all" or failed_last or not file.exists():
        return False
    state.records[trial.id] = _recorded(file)
    return True


def _recorded(file: Path) -> Recorded:
    try:
        record = read_record(file)
    except RecordError as error:
        raise RecordError(f"{error}; remove it to run the trial again") from error
    return Recorded(record["id"], of_record(record))


def _drop(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{file}: can't be removed ({error.strerror}); choose another folder with --out"
        ) from error


def _missing_steps(state: RunState, trials: list[Trial], rerun: Rerun) -> list[str]:
    """Steps that the trials need and the cache lacks, fits before methods; `all` does every one anew."""
    needed = dict.fromkeys(
        step for trial in trials for step in (*trial.steps[1:], *trial.steps[:1])
    )
    for identity in needed:
        folder = state.plan.steps[identity].folder
        if rerun == "all":
            shutil.rmtree(folder, ignore_errors=True)
        elif (folder / "result.json").exists():
            state.done.add(identity)
    return [identity for identity in needed if identity not in state.done]
