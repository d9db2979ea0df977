"""What a worker does with a step: it fits and asks plugins under the harness's clock, leaves logits on disk, and says what
came of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch._dynamo  # noqa: F401 - imported once, by the server that workers are forked from

from bench.job.environment import environment, versions
from bench.job.outcome import OK, Outcome, of_error
from bench.job.steps import RESULT, FitStep, SelectStep, parse_step
from bench.storage.kept import commit_folder
from bench.storage.trouble import blamed, writing
from bench.worker.clock import peak_rss_bytes
from bench.worker.fit_step import fit_step
from bench.worker.inputs import Progress, open_inputs
from bench.worker.made import PARAMETERS, Made
from bench.worker.resources import applied
from bench.worker.select_step import select_step

__all__ = ["perform"]


def perform(step_json: str, progress: Progress) -> Outcome:
    """Do one step, as its resources say, and leave its folder. What a plugin raises is its outcome; what ends the process
    (SystemExit, a signal) is not caught."""
    step = parse_step(step_json)
    try:
        with applied(step.resources):
            made = _make(step, progress)
            _commit(step, made)
    except Exception as error:
        return of_error(blamed(error, step.folder.parent.parent), peak_rss_bytes())
    return OK


def _make(step: FitStep | SelectStep, progress: Progress) -> Made:
    inputs = open_inputs(step)
    return (
        fit_step(step, inputs, progress)
        if isinstance(step, FitStep)
        else select_step(step, inputs, progress)
    )


def _commit(step: FitStep | SelectStep, made: Made) -> None:
    result = {
        "cost": {**made.cost, "peak_rss_bytes": peak_rss_bytes()},
        "details": made.details,
        "valid_logloss": made.valid_logloss,
        "environment": environment(step.resources),
        "versions": {**versions(), **made.software},
    }

    def fill(folder: Path) -> None:
        for name, array in made.arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        if made.save_parameters is not None:
            made.save_parameters(folder / PARAMETERS)
        (folder / RESULT).write_text(json.dumps(result, allow_nan=False), "utf-8")

    with writing(step.folder.parent.parent):
        commit_folder(step.folder, fill)
