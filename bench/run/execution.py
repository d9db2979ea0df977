"""From a plan to records: what is missing is handed to an executor, and what becomes of it is written as it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pydantic import ValidationError

from bench.errors import ExecutorError, PluginError, StorageError
from bench.executors.step_ends import TRIES
from bench.interfaces import StepEvent
from bench.job.outcome import OK, Outcome, no_result
from bench.job.steps import to_text
from bench.records import Run, load
from bench.run import manifest
from bench.run.analysing import analyse_run
from bench.run.beside import RecordedBeside
from bench.run.executor_choice import ChosenExecutor
from bench.run.heartbeat import beating
from bench.run.left_over import missing_steps, open_trials, sweep_all
from bench.run.planning.trials import Trial
from bench.run.sharing import FLOOR, POLL_S
from bench.run.state import RunState
from bench.run.tally import Tally
from bench.run.time_left import TimeLeft
from bench.run.timing import Estimates
from bench.run.trial_records import record_ready
from bench.run.waiting import Waiting
from bench.scoring.division import Divisions
from bench.storage.kept import KeptFolder
from bench.storage.trouble import check_writable
from bench.suite import Suite

__all__ = ["execute"]


def execute(
    state: RunState,
    divisions: Divisions,
    executor: ChosenExecutor,
) -> Run:
    """Do and record what is missing; `bench status` can tell how far it is meanwhile."""
    tally = Tally(state.watcher)
    state.watcher = tally
    beside = RecordedBeside(state)
    with beating(tally, executor, state.folder, beside.titles):
        return _executed(state, divisions, executor)


def _executed(state: RunState, divisions: Divisions, executor: ChosenExecutor) -> Run:
    trials = state.plan.trials
    sweep_all(state)
    left = open_trials(state)
    state.left = {trial.id: trial.title for trial in left}
    state.steps |= dict.fromkeys(missing_steps(state, left))
    if state.steps:
        check_writable(state.cache)
        estimates = Estimates(state.plan, state.registry, state.done, state.folder)
        needs = {step: state.plan.steps[step].needs for step in state.steps}
        state.watcher = TimeLeft(state.watcher, estimates, needs, lambda: executor.workers)
    planned = manifest.of_plan(state.suite, state.registry, state.metrics, divisions, state.plan)
    begun = manifest.begin(state.folder, planned)
    interrupted = True
    try:
        state.watcher.planned(len(state.steps), len(left), len(trials) - len(left))
        _do(state, left, executor)
        interrupted = False
    finally:
        state.work.close()
        manifest.end(state.folder, begun, interrupted=interrupted)
    waiting = Waiting(state.work, lambda _: "the analysis of this run", state.watcher)
    with state.work.alone(state.work.here("analysis"), waiting.looked):
        analysed = _analysed(state, divisions)
    return analysed._replace(wanted=frozenset(trial.id for trial in trials))


def _analysed(state: RunState, divisions: Divisions) -> Run:
    run, suite = load(state.folder), state.suite
    known = _for_all_seeds(suite, divisions, run)
    pool = tuple(suite.base_models)
    return analyse_run(run, known, pool, state.scorer, suite.primary, suite.against, state.watcher)


def _for_all_seeds(suite: Suite, divisions: Divisions, run: Run) -> Divisions:
    """Also for seeds that another command added to the run meanwhile, where the division is the same for all seeds."""
    places = {(dataset, protocol): one for (dataset, protocol, _), one in divisions.items()}
    more = {
        (line["dataset"], line["protocol"], line["seed"]): places[line["dataset"], line["protocol"]]
        for line in run.manifest["trials"]
        if suite.protocols[line["protocol"]].split_seed is not None
    }
    return more | divisions


def _do(state: RunState, trials: list[Trial], executor: ChosenExecutor) -> None:
    """What other runs do meanwhile is waited for."""
    others = Waiting(state.work, lambda work: _title(state, work), state.watcher)
    try:
        waiting = _advance(state, trials, executor)
        while state.running or state.work.elsewhere:
            for event in executor.events():
                if _heed(state, event, executor):
                    waiting = _advance(state, waiting, executor)
            for step in state.running:
                _end_step(state, step, no_result(f"executor {executor.name!r} stopped"))
            if state.work.elsewhere:
                others.looked(state.work.elsewhere)
                time.sleep(POLL_S)
            waiting = _advance(state, waiting, executor)
        if waiting:
            raise StorageError(
                f"cache {state.cache}: lost what a step had left, when all was done; run again"
            )
    except BaseException:
        executor.close(kill=True)
        raise
    executor.close()


def _title(state: RunState, work: str) -> str:
    if work == FLOOR:
        return "what may not run beside others"
    step = state.plan.steps.get(work)
    return "a record" if step is None else step.title


def _heed(state: RunState, event: StepEvent, executor: ChosenExecutor) -> bool:
    """Whether a step is no longer running."""
    _check_order(state, event, executor)
    step = state.plan.steps[event.step]
    if event.kind == "started":
        state.begun.add(event.step)
        state.watcher.started(event.step, step.title)
    elif event.kind == "progress":
        state.watcher.progress(event.step, event.detail)
    elif event.kind == "gone":
        _submit_again(state, event, executor)
    else:
        _end_step(state, event.step, _told(executor, event.detail))
    return event.kind in ("ended", "gone")


def _check_order(state: RunState, event: StepEvent, executor: ChosenExecutor) -> None:
    """Started, progress, ended or gone: of steps that it has."""
    told = f"executor {executor.name!r} tells of a step"
    if event.step not in state.running:
        ended = event.step in state.submitted
        raise PluginError(f"{told} that {'has ended' if ended else 'it was not given'}")
    if (event.step in state.begun) == (event.kind == "started"):
        twice = event.kind == "started"
        what = (
            "that it started, twice" if twice else f"{event.kind}, and not before that it started"
        )
        raise PluginError(f"{told} {what}; see `Executor.events`")


def _submit_again(state: RunState, event: StepEvent, executor: ChosenExecutor) -> None:
    """A step whose worker was lost; ExecutorError where that happens again and again."""
    title = state.plan.steps[event.step].title
    state.gone[event.step] += 1
    if state.gone[event.step] >= TRIES:
        raise ExecutorError(
            f"executor {executor.name!r}: {title}: its worker was lost {TRIES} times ({event.detail}); look at its log. "
            "What is recorded stays: run again, and the rest is done"
        )
    state.watcher.progress(event.step, f"begun again: {event.detail}")
    state.submitted.discard(event.step)
    state.begun.discard(event.step)
    state.work.end(event.step)


def _advance(state: RunState, waiting: list[Trial], executor: ChosenExecutor) -> list[Trial]:
    """Record what can be recorded, and start what can be started; trials that still wait. What another run has done meanwhile
    may let others begin."""
    while True:
        waiting = record_ready(state, waiting)
        if not _submit_ready(state, executor):
            return waiting


def _told(executor: ChosenExecutor, detail: str) -> Outcome:
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
        state.warnings[step] = (*outcome.warnings, *_of_losses(state.gone[step]))
    else:
        state.failures[step] = outcome
    state.work.end(step, None if outcome.ok else outcome)
    if not state.running:
        state.work.rest()
    state.watcher.ended(step, state.plan.steps[step].title, outcome.reason)
    if outcome.status == "storage":
        raise StorageError(outcome.reason)


def _of_losses(times: int) -> Iterator[str]:
    if times:
        yield f"begun again {'once' if times == 1 else 'twice'}: its worker was lost"


def _submit_ready(state: RunState, executor: ChosenExecutor) -> bool:
    """Hand over as many steps as the executor runs at a time: the others are left for runs beside this one. Whether one of
    those had done or failed one of them already."""
    found = False
    state.work.elsewhere.discard(FLOOR)
    for identity in state.steps:
        if not state.is_open(identity):
            continue
        if len(state.running) >= executor.workers:
            break
        if not _has_room(state, alone=state.plan.steps[identity].exclusive):
            break  # nor may those that come after it overtake it
        if not state.work.begin(identity):
            continue
        outcome = _of_another(state, identity)
        if outcome is None:
            state.submitted.add(identity)
            executor.made().submit(to_text(state.plan.steps[identity]))
        else:
            _end_step(state, identity, outcome)
            found = True
    if not state.running and FLOOR not in state.work.elsewhere:
        state.work.rest()
    return found


def _has_room(state: RunState, *, alone: bool) -> bool:
    """Whether a step may begin beside what runs now, here and in other runs over this cache."""
    running = state.running
    if running and (alone or any(state.plan.steps[one].exclusive for one in running)):
        return False
    return state.work.may_run(alone=alone)


def _of_another(state: RunState, identity: str) -> Outcome | None:
    """What a step came to that another run had begun before; None where it is still to be done."""
    kept = KeptFolder(state.plan.steps[identity].folder)
    if kept.exists() and not kept.damage():
        return OK
    return state.work.failed_elsewhere(identity)
