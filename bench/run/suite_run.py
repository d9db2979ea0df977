"""One execution of a suite: prepare, split, plan, do what is missing, record."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.data import cache_dir as resolve_cache
from bench.data.prepared.locate import roots
from bench.data.views.interactions import Interactions
from bench.errors import RecordError, StorageError, SuiteError
from bench.interfaces import Executor, Metric
from bench.job.outcome import OK, Outcome, of_record, unavailable
from bench.job.resources import Resources
from bench.records import Run, load, read_record, record_path, write_manifest, write_record
from bench.registry import Registry, did_you_mean, load_registry
from bench.run import manifest
from bench.run.analysing import analyse_run
from bench.run.executor_choice import make_executor
from bench.run.manifest import Recorded
from bench.run.planning.division import Divisions
from bench.run.planning.divisions import divide_all, prepare_all
from bench.run.planning.joining import check_predictions
from bench.run.planning.plan import plan
from bench.run.planning.trials import Plan, Trial
from bench.run.progress import Watcher
from bench.run.recording import failed_record, metrics_of, record_of
from bench.suite import Suite
from bench.suite import load as load_suite

__all__ = ["Rerun", "as_suite", "plan_suite", "run"]

Rerun = Literal["failed", "all", "none"]


@dataclass
class _State:
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


def run(
    suite: Suite | Path | str,
    *,
    out: Path | None = None,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    plugins: tuple[Path, ...] = (),
    autoload: bool = True,
    workers: int = 1,
    threads: int = 1,
    executor: str = "local",
    executor_set: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (),
    only: tuple[str, ...] = (),
    rerun: Rerun = "failed",
    watcher: Watcher | None = None,
    overrides: tuple[str, ...] = (),
) -> Run:
    """Run a suite into `out` (default: results/NAME) and give the records back; what is recorded or cached is reused.
    `overrides`: of a suite file's values, `a.b=1` each (`--set`); `executor_set`: of the executor's parameters.

    Raises BenchError where the suite or its data are wrong, before anything is written; a trial that fails is recorded."""
    watcher = watcher or Watcher()
    suite = as_suite(suite, plugins, autoload, overrides)
    registry = load_registry((*plugins, *suite.plugins), autoload=autoload)
    made_executor = make_executor(registry, executor, executor_set, workers)
    metrics = metrics_of(registry, suite.metrics)
    resources = Resources(threads=threads)
    planned, divisions = plan_suite(
        suite, registry, data_dir, cache_dir, plugins, autoload, resources, seeds, only, watcher
    )
    state = _State(suite, registry, planned, metrics, out or Path("results") / suite.name, watcher)
    return _execute(state, divisions, made_executor, rerun)


def as_suite(suite: Suite | Path | str, plugins: tuple[Path, ...], autoload: bool, overrides: tuple[str, ...]) -> Suite:
    """A suite, read where it is a file."""
    if not isinstance(suite, Suite):
        return load_suite(Path(suite), load_registry(plugins, autoload=autoload), overrides=overrides)
    if overrides:
        raise SuiteError("overrides are of a suite file; give its path, or the overrides to bench.suite.load")
    return suite


def plan_suite(
    suite: Suite,
    registry: Registry,
    data_dir: Path | None,
    cache_dir: Path | None,
    plugins: tuple[Path, ...],
    autoload: bool,
    resources: Resources,
    seeds: tuple[int, ...],
    only: tuple[str, ...],
    watcher: Watcher,
) -> tuple[Plan, Divisions]:
    """Prepare the data, divide them and plan: all that comes before anything is run."""
    only = _checked_only(suite, only)
    cache = resolve_cache(cache_dir)
    prepared = prepare_all(suite, registry, data_dir, cache, watcher)
    _check_frozen_fields(suite, prepared)
    divisions = divide_all(suite, registry, prepared, seeds or suite.seeds, cache)
    steps_plugins = (*plugins, *suite.plugins)
    planned = plan(
        suite,
        registry,
        divisions,
        cache,
        resources=resources,
        plugins=steps_plugins,
        autoload=autoload,
        only=only,
        roots=roots(suite.file.parent, data_dir),
    )
    check_predictions(planned, registry)
    return planned, divisions


def _checked_only(suite: Suite, only: tuple[str, ...]) -> tuple[str, ...]:
    """The methods asked for; one that the grid has expanded stands for all its entries."""
    known = [*suite.base_models, *suite.methods]
    for name in only:
        if name not in known and name not in suite.expanded:
            raise SuiteError(f"no method {name!r} to run; the suite has {', '.join(known)}", file=str(suite.file))
    return tuple(method for name in only for method in suite.expanded.get(name, (name,)))


def _check_frozen_fields(suite: Suite, prepared: Mapping[str, Interactions]) -> None:
    """Which fields there are is known once the data are prepared."""
    for name, method in suite.methods.items():
        for number, frozen in enumerate(method.meta_learner.frozen_fields if method.meta_learner else ()):
            for dataset, interactions in prepared.items():
                fields = [field.name for field in interactions.fields]
                if frozen not in fields:
                    place = suite.places.get(("methods", name, "meta_learner", "frozen_fields", number))
                    said = f"dataset {dataset!r} has no field {frozen!r} to freeze{did_you_mean(frozen, fields)}"
                    raise place.error(said) if place else SuiteError(said, file=str(suite.file))


def _execute(
    state: _State,
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
        write_manifest(state.folder, manifest.ended(begun, trials, state.records, interrupted=interrupted))
    pool = tuple(state.suite.base_models)
    return analyse_run(load(state.folder), divisions, pool, state.metrics, state.suite.primary, state.watcher)


def _do(state: _State, trials: list[Trial], steps: list[str], executor: Executor) -> None:
    waiting = _record_ready(state, trials)
    submitted: set[str] = set()
    try:
        _submit_ready(state, executor, steps, submitted)
        for event in executor.events():
            if event.kind == "started":
                state.watcher.started(event.step, state.plan.steps[event.step].title)
            elif event.kind == "progress":
                state.watcher.progress(event.step, event.detail)
            else:
                _end_step(state, event.step, Outcome.model_validate_json(event.detail))
                waiting = _record_ready(state, waiting)
                _submit_ready(state, executor, steps, submitted)
    except BaseException:
        executor.close(kill=True)
        raise
    executor.close()


def _end_step(state: _State, step: str, outcome: Outcome) -> None:
    if outcome.ok:
        state.done.add(step)
    else:
        state.failures[step] = outcome
    state.watcher.ended(step, state.plan.steps[step].title, outcome.reason)


def _submit_ready(state: _State, executor: Executor, steps: list[str], submitted: set[str]) -> None:
    for identity in steps:
        step = state.plan.steps[identity]
        if identity not in submitted and all(need in state.done for need in step.needs):
            submitted.add(identity)
            executor.submit(step.model_dump_json())


def _record_ready(state: _State, waiting: list[Trial]) -> list[Trial]:
    """Record every trial whose steps have ended; the others go on waiting."""
    still = []
    for trial in waiting:
        outcome = _outcome(state, trial)
        if outcome is None:
            still.append(trial)
        else:
            _write(state, trial, outcome)
    return still


def _outcome(state: _State, trial: Trial) -> Outcome | None:
    """What a trial came to; None where it still waits for a step. A failure of its own step is its own; that of a step that
    it needs makes it unavailable."""
    if trial.unavailable:
        return Outcome(status="unavailable", reason=trial.unavailable)
    failed = next((step for step in trial.steps if step in state.failures), None)
    if failed is not None:
        outcome, step = state.failures[failed], state.plan.steps[failed]
        return outcome if failed == trial.own else unavailable(step.title, step.owner, outcome)
    return OK if all(step in state.done for step in trial.steps) else None


def _write(state: _State, trial: Trial, outcome: Outcome) -> None:
    if outcome.ok:
        record = record_of(trial, state.plan.steps, state.metrics, state.folder)
    else:
        record = failed_record(trial, state.plan.steps, outcome)
    written = write_record(state.folder, record)
    state.records[trial.id] = Recorded(written["id"], outcome)
    state.watcher.recorded(trial.title, outcome.label)


def _reuse(state: _State, trial: Trial, rerun: Rerun) -> bool:
    """Whether an earlier run's record of this trial stands. A failed one is dropped before another try."""
    file = record_path(state.folder, trial.id)
    failed = record_path(state.folder, trial.id, ok=False)
    if rerun == "none" and failed.exists() and not file.exists():
        state.records[trial.id] = _recorded(failed)
        return True
    _drop(failed)
    if rerun == "all" or not file.exists():
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
        raise StorageError(f"{file}: can't be removed ({error.strerror}); choose another folder with --out") from error


def _missing_steps(state: _State, trials: list[Trial], rerun: Rerun) -> list[str]:
    """Steps that the trials need and the cache lacks, fits before methods; `all` does every one anew."""
    needed = dict.fromkeys(step for trial in trials for step in (*trial.steps[1:], *trial.steps[:1]))
    for identity in needed:
        folder = state.plan.steps[identity].folder
        if rerun == "all":
            shutil.rmtree(folder, ignore_errors=True)
        elif (folder / "result.json").exists():
            state.done.add(identity)
    return [identity for identity in needed if identity not in state.done]
