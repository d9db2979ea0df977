"""The record of each trial, written once its steps have ended, by this run or by one beside it."""

from __future__ import annotations

from pathlib import Path

from bench.errors import DamagedCacheError, StorageError
from bench.job.outcome import OK, Outcome, unavailable
from bench.records import record_path, write_record
from bench.run.left_over import drop_damaged, is_recorded
from bench.run.planning.trials import Trial
from bench.run.recording import failed_record, record_of
from bench.run.state import RunState

__all__ = ["record_ready"]


def record_ready(state: RunState, waiting: list[Trial]) -> list[Trial]:
    """Record every trial whose steps have ended; the others go on waiting, and so does one of whose steps the cache has lost
    what it left, and one that another run records at this moment."""
    still = []
    for trial in waiting:
        outcome = _outcome(state, trial)
        if outcome is None or not _recorded_once(state, trial, outcome):
            still.append(trial)
    return still


def _recorded_once(state: RunState, trial: Trial, outcome: Outcome) -> bool:
    """Whether its record is written, by this run or by one beside it."""
    work = state.work.here(trial.id)
    if not state.work.begin(work):
        return False
    try:
        if outcome.ok and is_recorded(state, trial):
            state.watcher.recorded(trial.title, outcome.label)
        else:
            _write(state, trial, outcome)
    except DamagedCacheError as damage:
        _make_anew(state, trial, damage)
        return False
    finally:
        state.work.end(work)
    return True


def _make_anew(state: RunState, trial: Trial, damage: DamagedCacheError) -> None:
    """Have a step done once more. Raises the damage where that was done before: the disk is not to be trusted."""
    identity = next(
        (one for one in trial.steps if _is_at(state.plan.steps[one].folder, damage.folder)), None
    )
    if identity is None or identity in state.made_anew:
        raise damage
    state.made_anew.add(identity)
    drop_damaged(state, identity, damage.what)
    state.done.discard(identity)
    state.submitted.discard(identity)
    state.begun.discard(identity)
    state.steps[identity] = None


def _is_at(folder: Path, named: Path) -> bool:
    return folder.absolute() == named.absolute()


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


def _drop(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{file}: can't be removed ({error.strerror}); choose another folder with --out"
        ) from error
