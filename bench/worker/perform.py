"""What a worker does with a step: it fits and asks plugins under the harness's clock, leaves logits on disk, and says what
came of it."""

from __future__ import annotations

import json
import random
import signal
import threading
from pathlib import Path

import numpy as np
import torch

from bench.data.paged import paging
from bench.errors import PluginUnavailable
from bench.job.code import harness_digest_now
from bench.job.environment import environment, versions
from bench.job.outcome import OK, Outcome, of_error
from bench.job.steps import RESULT, FitStep, SelectStep, parse_step
from bench.registry.global_state import kept
from bench.registry.used import UsedPlugins
from bench.storage.kept import KeptFolder, commit_folder
from bench.storage.trouble import blamed, writing
from bench.worker.clock import peak_rss_bytes
from bench.worker.fit_step import fit_step
from bench.worker.inputs import Progress, open_inputs
from bench.worker.made import PARAMETERS, Made
from bench.worker.resources import applied
from bench.worker.select_step import select_step

__all__ = ["perform", "performed"]


def perform(step_json: str, progress: Progress, *, alone: bool = False) -> Outcome:
    """Do one step, as its resources say, and leave its folder; nothing where that is there and whole: an engine may hand a
    step over twice. What a plugin raises is its outcome; what ends the process
    (SystemExit, a signal, ctrl-C) is not caught. Settings that all code of the process shares are as before afterwards.
    `alone`: nothing else ever ran in this process, so that its peak of memory is the step's."""
    step = parse_step(step_json)
    try:
        if _is_done(step):
            return OK
        with kept(), paging(step.folder.parent), applied(step.resources) as applied_again:
            _seed_everything(step.seed)
            _remember_children()
            _check_harness(step)
            plugins = UsedPlugins(step.plugins, step.plugin_paths, applied_again)
            made = _make(step, plugins, progress)
            _commit(step, made, alone)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        return of_error(blamed(error, step.cache), peak_rss_bytes())
    return OK


def performed(step_json: str, progress: Progress) -> str:
    """`perform` as a task of a process of its own (bench.processes): the outcome as JSON."""
    try:
        return perform(step_json, progress, alone=True).model_dump_json()
    except KeyboardInterrupt as error:  # of a plugin: nobody's keyboard reaches this process
        return of_error(error, peak_rss_bytes()).model_dump_json()


def _seed_everything(seed: int) -> None:
    """The generators that all code shares: who draws from them without a word draws the same again."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _remember_children() -> None:
    """Who started this process may have ignored SIGCHLD, which is inherited: times of child processes would be lost."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _check_harness(step: FitStep | SelectStep) -> None:
    if harness_digest_now() != step.harness:
        raise PluginUnavailable(
            "the harness's own code was changed while the run went on; run again, and its steps are planned anew"
        )


def _is_done(step: FitStep | SelectStep) -> bool:
    left = KeptFolder(step.folder)
    return left.exists() and not left.damage()


def _make(step: FitStep | SelectStep, plugins: UsedPlugins, progress: Progress) -> Made:
    inputs = open_inputs(step, plugins)
    return (
        fit_step(step, inputs, progress)
        if isinstance(step, FitStep)
        else select_step(step, inputs, progress)
    )


def _commit(step: FitStep | SelectStep, made: Made, alone: bool) -> None:
    where = ({"worker": step.worker} if step.worker else {}) | (
        {} if alone else {"process": "shared"}
    )
    result = {
        "cost": {**made.cost, "peak_rss_bytes": peak_rss_bytes()},
        "details": made.details,
        "valid_logloss": made.valid_logloss,
        "environment": environment(step.resources) | where,
        "versions": {**made.software, **versions()},
    }

    def fill(folder: Path) -> None:
        for name, array in made.arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        if made.save_parameters is not None:
            made.save_parameters(folder / PARAMETERS)
        (folder / RESULT).write_text(json.dumps(result, allow_nan=False), "utf-8")

    with writing(step.cache):
        commit_folder(step.folder, fill)
