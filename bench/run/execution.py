"""From a plan to records: what is missing is handed to an executor, and what becomes of it is written as it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bench.data.prepared.cache import sweep_cache
from bench.errors import DamagedCacheError, PluginError, RecordError, StorageError
from bench.interfaces import Executor, Metric
from bench.job.outcome import OK, Outcome, no_result, unavailable
from bench.records import Record, Run, lacks_blobs, load, read_record, record_path, write_record
from bench.registry import Registry
from bench.run import manifest
from bench.run.analysing import analyse_run
from bench.run.planning.trials import Plan, Trial
from bench.run.progress import Watcher
from bench.run.recording import Scorer, failed_record, record_of
from bench.run.time_left import TimeLeft
from bench.run.timing import Estimates
from bench.scoring.division import Divisions
from bench.storage.kept import KeptFolder, discard
from bench.storage.temporary import sweep
from bench.storage.trouble import check_writable, writing
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
    scorer: Scorer
    folder: Path
    cache: Path
    watcher: Watcher
    # to be done, in this order, by id; and those of them that an executor was given
    steps: dict[str, None] = field(default_factory=dict)
    submitted: set[str] = field(default_factory=set)
    # done, but damaged before they were recorded
    made_anew: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    failures: dict[str, Outcome] = field(default_factory=dict)  # step -> what became of it
    # step that is done -> what its trial's record is to say beside it
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)


def execute(
    state: RunState,
    divisions: Divisions,
    executor: Executor,
    rerun: Rerun,
) -> Run:
    trials = state.plan.trials
    _sweep(state)
    open_trials = [trial for trial in trials if not _reuse(state, trial, rerun)]
    state.steps |= dict.fromkeys(_missing_steps(state, open_trials, rerun))
    if state.steps:
        check_writable(state.cache)
        estimates = Estimates(state.plan, state.registry, state.done, state.folder)
        needs = {step: state.plan.steps[step].needs for step in state.steps}
        state.watcher = TimeLeft(state.watcher, estimates, needs, executor.workers)
    planned = manifest.of_plan(state.suite, state.registry, state.metrics, divisions, state.plan)
    begun = manifest.begin(state.folder, planned)
    interrupted = True
    try:
        state.watcher.planned(len(state.steps), len(open_trials), len(trials) - len(open_trials))
        _do(state, open_trials, executor)
        interrupted = False
    finally:
        manifest.end(state.folder, begun, interrupted=interrupted)
    run, pool, suite = load(state.folder), tuple(state.suite.base_models), state.suite
    known = _for_all_seeds(suite, divisions, run)
    analysed = analyse_run(
        run, known, pool, state.scorer, suite.primary, suite.against, state.watcher
    )
    return analysed._replace(wanted=frozenset(trial.id for trial in trials))


def _for_all_seeds(suite: Suite, divisions: Divisions, run: Run) -> Divisions:
    """Also for seeds that another command added to the run meanwhile, where the division is the same for all seeds."""
    places = {(dataset, protocol): one for (dataset, protocol, _), one in divisions.items()}
    more = {
        (line["dataset"], line["protocol"], line["seed"]): places[line["dataset"], line["protocol"]]
        for line in run.manifest["trials"]
        if suite.protocols[line["protocol"]].split_seed is not None
    }
    return more | divisions


def _sweep(state: RunState) -> None:
    """What killed runs have left half written."""
    sweep_cache(state.cache)
    for room in ("", "records", "failures", "blobs"):
        sweep(state.folder / room)


def _do(state: RunState, trials: list[Trial], executor: Executor) -> None:
    waiting = _record_ready(state, trials)
    try:
        _submit_ready(state, executor)
        for event in executor.events():
            if event.step not in state.submitted:
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
                _submit_ready(state, executor)
        for step in state.submitted - state.done - state.failures.keys():
            _end_step(state, step, no_result(f"executor {executor.name!r} stopped"))
        if _record_ready(state, waiting):
            raise StorageError(
                f"cache {state.cache}: lost what a step had left, when all was done; run again"
            )
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
    """Raises StorageError where the cache failed the step: that is no trial's fault, and the next step would fail alike."""
    if outcome.ok:
        state.done.add(step)
        state.warnings[step] = outcome.warnings
    else:
        state.failures[step] = outcome
    state.watcher.ended(step, state.plan.steps[step].title, outcome.reason)
    if outcome.status == "storage":
        raise StorageError(outcome.reason)


def _submit_ready(state: RunState, executor: Executor) -> None:
    for identity in state.steps:
        step = state.plan.steps[identity]
        if identity not in state.submitted and all(need in state.done for need in step.needs):
            state.submitted.add(identity)
            executor.submit(step.model_dump_json())


def _record_ready(state: RunState, waiting: list[Trial]) -> list[Trial]:
    """Record every trial whose steps have ended; the others go on waiting, and so does one of whose steps the cache has lost
    what it left."""
    still = []
    for trial in waiting:
        outcome = _outcome(state, trial)
        try:
            if outcome is not None:
                _write(state, trial, outcome)
        except DamagedCacheError as damage:
            _make_anew(state, trial, damage)
            outcome = None
        if outcome is None:
            still.append(trial)
    return still


def _make_anew(state: RunState, trial: Trial, damage: DamagedCacheError) -> None:
    """Have a step done once more. Raises the damage where that was done before: the disk is not to be trusted."""
    identity = next(
        (one for one in trial.steps if _is_at(state.plan.steps[one].folder, damage.folder)), None
    )
    if identity is None or identity in state.made_anew:
        raise damage
    state.made_anew.add(identity)
    _drop_damaged(state, identity, damage.what)
    state.done.discard(identity)
    state.submitted.discard(identity)
    state.steps[identity] = None


def _is_at(folder: Path, named: Path) -> bool:
    return folder.absolute() == named.absolute()


def _drop_damaged(state: RunState, identity: str, what: str) -> None:
    step = state.plan.steps[identity]
    state.watcher.say(f"{step.title}: damaged in the cache ({what}); it is made again")
    with writing(state.cache):
        discard(step.folder)


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
        warnings = state.warnings.get(trial.own or "", ())
        steps = state.plan.steps
        write_record(state.folder, record_of(trial, steps, state.scorer, state.folder, warnings))
        # the last try counts, and it was this one
        _drop(record_path(state.folder, trial.id, ok=False))
    else:
        write_record(state.folder, failed_record(trial, state.plan.steps, outcome))
    state.watcher.recorded(trial.title, outcome.label)


def _reuse(state: RunState, trial: Trial, rerun: Rerun) -> bool:
    """Whether an earlier run's record of this trial stands: that of the last try, with all its blobs."""
    failed = record_path(state.folder, trial.id, ok=False)
    if failed.exists():
        return rerun == "none" and bool(_recorded(failed))
    file = record_path(state.folder, trial.id)
    if rerun == "all" or not file.exists():
        return False
    if lacks_blobs(state.folder, _recorded(file)):
        state.watcher.say(f"{trial.title}: a blob is missing or damaged; it is made again")
        return False
    return True


def _recorded(file: Path) -> Record:
    try:
        return read_record(file)
    except RecordError as error:
        raise RecordError(f"{error}; remove it to run the trial again") from error


def _drop(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{file}: can't be removed ({error.strerror}); choose another folder with --out"
        ) from error


def _missing_steps(state: RunState, trials: list[Trial], rerun: Rerun) -> list[str]:
    """Steps that the trials need and the cache lacks or has damaged, fits before methods; `all` does every one anew."""
    needed = dict.fromkeys(
        step for trial in trials for step in (*trial.steps[1:], *trial.steps[:1])
    )
    for identity in needed:
        kept = KeptFolder(state.plan.steps[identity].folder)
        if rerun == "all":
            with writing(state.cache):
                discard(kept.path)
        elif not kept.exists():
            continue
        elif damage := kept.damage():
            _drop_damaged(state, identity, damage)
        else:
            state.done.add(identity)
    return [identity for identity in needed if identity not in state.done]
