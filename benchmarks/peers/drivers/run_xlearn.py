"""xLearn: its linear model, FM and FFM by AdaGrad, a row at a time; it shuffles rows before each epoch.

A fit of its reads its binary copy of the text, trains, and writes the model, in one call that tells no CPU time of each. What
does not grow with epochs is taken off training: what is left of a fit of one epoch, once four more have told what one costs.
Reading is that, and making the binary copy of the text first."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
from common import Clock, Job, Measured, main

os.environ.setdefault("USER", "peers")  # its log is named after it
import xlearn

MODELS = {
    "lr": (xlearn.create_linear, "libsvm"),
    "fm": (xlearn.create_fm, "libsvm"),
    "ffm": (xlearn.create_ffm, "libffm"),
}
MORE = 4  # epochs


def run(job: Job) -> Measured:
    measured = Measured()
    (job.folder / f"train.{MODELS[job.model][1]}.bin").unlink(missing_ok=True)
    with measured.reading:  # and a fit of one epoch, taken off below
        _fit(job, 1)
    one, more = _clocked(job, 1), _clocked(job, 1 + MORE)
    epoch = {name: (more[name] - one[name]) / MORE for name in one}
    constant = {name: one[name] - epoch[name] for name in one}
    measured.reading.cpu_s -= epoch["cpu_s"]
    measured.reading.wall_s -= epoch["wall_s"]
    for checkpoint in job.checkpoints:
        found = _clocked(job, int(checkpoint))
        cost = {name: found[name] - constant[name] for name in found}
        if cost["cpu_s"] <= 0:
            raise ValueError("an epoch can't be told from the rest of a fit: measure more rows")
        cost["wall_s"] = max(cost.values())  # one thread: a wall time below is noise
        measured.point(checkpoint, _predict(job), cost)
    return measured


def _clocked(job: Job, epochs: int) -> dict[str, float]:
    clock = Clock()
    with clock:
        _fit(job, epochs)
    return clock.now()


def _fit(job: Job, epochs: int) -> None:
    make, ending = MODELS[job.model]
    model = make()
    model.setTrain(str(job.folder / f"train.{ending}"))
    model.setQuiet()  # computes no metric
    options = {
        "task": "binary",
        "opt": job.optimizer,
        "lr": job.learning_rate,
        "lambda": 0.0,
        "k": job.dim,
        "epoch": epochs,
        "nthread": 1,
        "log": str(job.logits.with_suffix(".log")),
    }
    model.fit(options, str(_model_file(job)))


def _predict(job: Job) -> np.ndarray:
    make, ending = MODELS[job.model]
    model, answers = make(), job.logits.with_suffix(".txt")
    model.setTest(str(job.folder / f"test.{ending}"))
    model.predict(str(_model_file(job)), str(answers))
    return np.loadtxt(answers)


def _model_file(job: Job) -> Path:
    return job.logits.with_suffix(".model")


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("xlearn", "numpy")})
