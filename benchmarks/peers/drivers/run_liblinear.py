"""LIBLINEAR: logistic regression by its trust-region Newton method (-s 0), to the tolerance (-e) that a checkpoint names.

It is handed a sparse matrix, which it turns into its own rows by numba, compiled off the clock: its reader of text, in Python,
takes ten times as long."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from common import Job, Measured, fit_anew, main, read_division, read_part
from liblinear.liblinearutil import problem, train
from scipy.sparse import csr_matrix


def run(job: Job) -> Measured:
    sizes = read_division(job.folder)["sizes"]
    starts = np.cumsum([0, *sizes[:-1]])
    _problem(np.zeros((2, 1), np.int64), np.array([0, 1], np.uint8), 1)  # compiles
    measured = Measured()
    with measured.reading:
        codes, labels = read_part(job.folder, "train")
        data = _problem(codes + starts, labels, sum(sizes))
    tested = read_part(job.folder, "test")[0] + starts  # (n, F)

    def fit(tolerance: float) -> Callable[[], np.ndarray]:
        model = train(data, f"-s 0 -e {tolerance} -B 1 -q")
        weights, bias = model.get_decfun()
        sign = 1 if model.get_labels()[0] == 1 else -1
        every = np.zeros(sum(sizes))  # the last values may be in no training row
        every[: len(weights)] = weights
        return lambda: sign * (every[tested].sum(axis=1) + bias)

    fit_anew(job, measured, fit)
    return measured


def _problem(entries: np.ndarray, labels: np.ndarray, width: int) -> problem:
    """entries (n, F) of `width` columns, each 1."""
    pointer = np.arange(0, entries.size + 1, entries.shape[1])
    ones = np.ones(entries.size)
    rows = csr_matrix((ones, entries.ravel(), pointer), (len(entries), width))
    return problem(labels.astype(np.float64), rows)


if __name__ == "__main__":
    main(run, lambda: {name: version(name) for name in ("liblinear-official", "numba", "numpy")})
