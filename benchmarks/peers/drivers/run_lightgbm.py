"""LightGBM: boosted trees over the same columns, all of them categorical. A checkpoint is a number of trees."""

from __future__ import annotations

from collections.abc import Callable

import lightgbm
import numpy as np
from common import Job, Measured, fit_anew, main, read_part

OPTIONS = {"objective": "binary", "num_threads": 1, "verbosity": -1}
# its default drops all but the most frequent categories of a column; this project's trees have 254 a column, 8 columns an id
BINS = {"max_bin": 2032}


def run(job: Job) -> Measured:
    measured = Measured()
    with measured.reading:
        codes, labels = read_part(job.folder, "train")
        columns = list(range(codes.shape[1]))
        data = lightgbm.Dataset(codes, labels, categorical_feature=columns, params=OPTIONS | BINS)
        data.construct()
    tested, _ = read_part(job.folder, "test")

    def fit(trees: float) -> Callable[[], np.ndarray]:
        options = {**OPTIONS, **BINS, "learning_rate": job.learning_rate, "seed": job.seed}
        booster = lightgbm.train(options, data, num_boost_round=int(trees))
        return lambda: np.asarray(booster.predict(tested, raw_score=True, num_threads=1))

    fit_anew(job, measured, fit)
    return measured


if __name__ == "__main__":
    main(run, lambda: {"lightgbm": lightgbm.__version__, "numpy": np.__version__})
