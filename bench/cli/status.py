"""`bench status RUN`: how far a run is, from another shell; or how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._common import echo_json, json_option
from bench.cli._output import answer, console, echo, printable

if TYPE_CHECKING:
    from bench.records.run_status import Lacking, Standing
    from bench.records.status_file import RunStatus, StepNow

__all__ = ["command"]

_PIPED_WIDTH = 200  # cells: who reads a file has room
_NAMED = 5  # trials without a result
_QUIET_S = 10.0  # what is heard less often is said
_LOOK_S = 1.0
_GOES_ON = "`bench run` goes on from there"


@click.command("status")
@click.argument("run", type=click.Path(path_type=Path, readable=False))
@click.option("--watch", is_flag=True, help="Follow the run until it ends.")
@json_option
@click.pass_context
def command(ctx: click.Context, run: Path, watch: bool, as_json: bool) -> None:
    """Say how far the run in the folder RUN is, what it does now and what failed; or how it ended.

    Ends with 3 while it runs, with 0 where all that was asked for has a result, though the run's process was killed, and with
    4 where a trial failed or is missing: `bench run` goes on from there."""
    from bench.records.run_status import run_status

    if watch:
        _follow(run)
    found = run_status(run)
    if as_json:
        echo_json(_as_dict(found))
    else:
        width = console().width if answer().isatty() else _PIPED_WIDTH
        for line in _in_words(found, width):
            echo(printable(line))
    ctx.exit(found.exit_code)


def _follow(folder: Path) -> None:
    """Until no run is at work there. In a terminal it is shown as `bench run` shows it, the first of several."""
    from rich.console import Console

    from bench.cli._progress import live
    from bench.records.run_status import is_at_work
    from bench.records.status_file import read_status

    alive: list[RunStatus] = []
    errors = Console(stderr=True)
    with live(errors, lambda: alive[0].now if alive and errors.is_terminal else None):
        while is_at_work(folder):
            alive = [run for run in read_status(folder) if run.alive]
            time.sleep(_LOOK_S)


def _in_words(found: Standing, width: int) -> Iterator[str]:
    trials = f"{found.with_result} of {found.asked} trials have a result"
    if found.state == "running":
        yield from _running(found, width)
    elif found.state == "killed":
        yield f"{found.folder}: ended without saying so: {trials}{_what_is_left(found)}"
        for run in found.runs:
            yield from _last_words(run, width)
    else:
        yield f"{found.folder}: {found.state}: {trials}{_what_is_left(found)}"
    if found.state != "running":
        yield from _lacking(found.lacking)


def _what_is_left(found: Standing) -> str:
    """And who does it."""
    if found.exit_code:
        return f"; {_GOES_ON}"
    if not found.lacks_analysis:
        return ""
    ended = "it ended before its analysis" if found.state == "killed" else "no analysis is of them"
    return f"; {ended}: `bench run` makes it"


def _running(found: Standing, width: int) -> Iterator[str]:
    alive = [run for run in found.runs if run.alive]
    if not alive:
        trials = f"{found.with_result} of {found.asked} trials have a result"
        yield f"{found.folder}: running; it has not said yet how far it is: {trials}"
    if len(alive) > 1:
        yield f"{found.folder}: {len(alive)} runs are at work, and share it"
    for run in alive:
        yield from _at_work(found.folder, run, width)
    for run in found.runs:
        if not run.alive:
            yield f"{found.folder}: process {run.now.pid} ended without saying so"


def _at_work(folder: Path, run: RunStatus, width: int) -> Iterator[str]:
    from bench.cli._plan_words import duration, many
    from bench.cli._progress_view import cut, failed_in_words, left_in_words, running_lines

    now = run.now
    yield f"{folder}: running for {duration(now.seconds + run.age_s)} (process {now.pid})"
    steps = f"{now.ended} of {many(now.steps, 'step')} done"
    left = left_in_words(now)
    recorded = f"{now.recorded} of {many(now.trials, 'trial')} recorded"
    yield ", ".join(filter(None, [steps, left, recorded]))
    if failed := failed_in_words(now):
        yield cut(failed, width)
    yield from running_lines(now, width, len(now.running) + 1)
    if (quiet := now.quiet_s + run.age_s) >= _QUIET_S:
        yield f"nothing was heard of it for {duration(quiet)}"


def _last_words(run: RunStatus, width: int) -> Iterator[str]:
    from bench.cli._plan_words import duration, many
    from bench.cli._progress_view import cut, failed_in_words, running_lines

    now = run.now
    steps = f"{now.ended} of {many(now.steps, 'step')} done"
    yield f"process {now.pid} was last heard of {duration(run.age_s)} ago, with {steps}"
    if failed := failed_in_words(now):
        yield cut(failed, width)
    yield from running_lines(now, width, len(now.running) + 1)


def _lacking(trials: tuple[Lacking, ...]) -> Iterator[str]:
    """Those that failed, before those that were not run."""
    from bench.cli._progress_view import one_line

    failed = [one for one in trials if one.status]
    for one in failed[:_NAMED]:
        trial = one.trial
        place = f"{trial['dataset']}/{trial['protocol']} {trial['method']}, seed {trial['seed']}"
        yield one_line(f"{place}: {one.status}: {one.reason}")
    if len(failed) > _NAMED:
        yield f"and {len(failed) - _NAMED} more that failed"


def _as_dict(found: Standing) -> dict[str, Any]:
    return {
        "exit_code": found.exit_code,
        "run": str(found.folder),
        "state": found.state,
        "trials": {"asked": found.asked, "with_result": found.with_result},
        "lacks_analysis": found.lacks_analysis,
        "lacking": [
            {**one.trial, "status": one.status or None, "reason": one.reason or None}
            for one in found.lacking
        ],
        "processes": [_process(run) for run in found.runs],
    }


def _process(run: RunStatus) -> dict[str, Any]:
    told = run.now.model_dump(mode="json")
    running = [_step(step) for step in run.now.running]
    return {"alive": run.alive, "age_s": run.age_s, **told, "running": running}


def _step(step: StepNow) -> dict[str, Any]:
    """With what its last line says; null where that has no such figures, or a loss that is not finite."""
    import math

    from bench.job.progress import Progress

    told = Progress.read(step.said)
    figures = dict.fromkeys(Progress._fields) if told is None else told._asdict()
    if told is not None and not math.isfinite(told.valid_logloss):
        figures["valid_logloss"] = None
    return {**step.model_dump(mode="json"), **figures}
