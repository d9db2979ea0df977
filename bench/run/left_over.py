"""What earlier runs have left: records and steps that stand, and what is damaged or half written."""

from __future__ import annotations

from pathlib import Path

from bench.data.prepared.cache import sweep_cache
from bench.errors import RecordError
from bench.records import Record, failed_since, lacks_blobs, read_record, record_path
from bench.run.planning.trials import Trial
from bench.run.state import RunState
from bench.storage.kept import KeptFolder, discard
from bench.storage.lease import sweep_leases
from bench.storage.temporary import sweep
from bench.storage.trouble import writing

__all__ = ["drop_damaged", "is_recorded", "missing_steps", "open_trials", "sweep_all"]


def sweep_all(state: RunState) -> None:
    """What killed runs have left half written."""
    sweep_cache(state.cache)
    sweep_leases(state.cache / "leases")
    for room in ("", "records", "failures", "blobs"):
        sweep(state.folder / room)


def open_trials(state: RunState) -> list[Trial]:
    """Those of which no record stands."""
    found = [trial for trial in state.plan.trials if not is_recorded(state, trial)]
    for trial in found:
        good, failed = (record_path(state.folder, trial.id, ok=ok) for ok in (True, False))
        if state.rerun != "all" and good.exists() and not failed.exists():
            state.watcher.say(f"{trial.title}: a blob is missing or damaged; it is made again")
    return found


def is_recorded(state: RunState, trial: Trial) -> bool:
    """Whether a record of this trial stands: the one that counts, with all its blobs."""
    file, failed = (record_path(state.folder, trial.id, ok=ok) for ok in (True, False))
    if failed.exists() and not _counts_beside(file, failed):
        return state.rerun == "none" and bool(_recorded(failed))
    if state.rerun == "all" or not file.exists():
        return False
    return not lacks_blobs(state.folder, _recorded(file))


def _counts_beside(file: Path, failed: Path) -> bool:
    """Whether a result counts though a failure of its trial is there: that came with a copy."""
    return file.exists() and not failed_since(_recorded(failed), _recorded(file))


def _recorded(file: Path) -> Record:
    try:
        return read_record(file)
    except RecordError as error:
        raise RecordError(f"{error}; remove it to run the trial again") from error


def missing_steps(state: RunState, trials: list[Trial]) -> list[str]:
    """Steps that the trials need and the cache lacks or has damaged, fits before methods; `all` does every one anew."""
    needed = dict.fromkeys(
        step for trial in trials for step in (*trial.steps[1:], *trial.steps[:1])
    )
    for identity in needed:
        kept = KeptFolder(state.plan.steps[identity].folder)
        if state.rerun == "all":
            with writing(state.cache):
                discard(kept.path)
        elif not kept.exists():
            continue
        elif damage := kept.damage():
            drop_damaged(state, identity, damage)
        else:
            state.done.add(identity)
    return [identity for identity in needed if identity not in state.done]


def drop_damaged(state: RunState, identity: str, what: str) -> None:
    step = state.plan.steps[identity]
    state.watcher.say(f"{step.title}: damaged in the cache ({what}); it is made again")
    with writing(state.cache):
        discard(step.folder)
