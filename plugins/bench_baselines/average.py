"""The plain average: every base model weighs the same."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Context, Selection, Selector, Tasks


class Average(Selector):
    """The mean of the base models' probabilities; nothing is learned."""

    name = "average"

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:
        pass

    def predict(self, tasks: Tasks) -> Selection:
        models = len(tasks.models)
        return Selection(weights=np.full((len(tasks.query), models), 1 / models))
