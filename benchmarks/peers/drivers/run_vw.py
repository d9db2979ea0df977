"""Vowpal Wabbit: logistic regression (lr), and with it low-rank field-aware pairs (--lrqfa, ffm), a row at a time, by its own
adaptive step. It does not shuffle: the rows were written in random order.

Reading is parsing the text into its cache; a pass then reads the cache and learns."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from string import ascii_lowercase

import numpy as np
from common import Job, Measured, fit_anew, main, read_division
from vowpalwabbit import Workspace

BITS = 22  # of its hash table: no collisions to speak of among these values and their vectors


def run(job: Job) -> Measured:
    measured = Measured()
    cache, model, answers = (job.logits.with_suffix(end) for end in (".cache", ".vw", ".txt"))
    rows = _rows(job)
    with measured.reading:
        _run(f"{rows} -d {job.folder / 'train.vw'} -k --cache_file {cache} --testonly")

    def fit(passes: float) -> Callable[[], np.ndarray]:
        _run(
            f"{rows} --cache_file {cache} --passes {int(passes)} --holdout_off -l {job.learning_rate}"
            f" --random_seed {job.seed + 1} -f {model}"
        )
        return predict

    def predict() -> np.ndarray:
        _run(f"-b {BITS} -i {model} -d {job.folder / 'test.vw'} --testonly -r {answers}")
        return np.loadtxt(answers)

    fit_anew(job, measured, fit)
    return measured


def _rows(job: Job) -> str:
    letters = ascii_lowercase[: len(read_division(job.folder)["fields"])]
    pairs = f" --lrqfa {letters}{job.dim}" if job.model == "ffm" else ""
    return f"--loss_function logistic -b {BITS}{pairs}"


def _run(options: str) -> None:
    Workspace(f"--quiet {options}").finish()


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("vowpalwabbit", "numpy")})
