"""Hard selection by user: the base model that did best on the user's own support."""

from __future__ import annotations

import numpy as np

from bench.data.views.by_user import user_of_row
from bench.interfaces import Context, Selection, Selector, Tasks
from bench_baselines._losses import query_losses
from bench_baselines._support import support_losses


class UserBest(Selector):
    """Each user's best base model, by log loss on the support; without support, the best on training users' query.

    Ties go to the model that is better on training users' query."""

    name = "user-best"

    chosen: dict[str, str]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        # (K,) from the best on
        self._order = np.argsort(query_losses(train).mean(axis=0), kind="stable")
        self.chosen = {"without_support": train.models[self._order[0]]}

    def predict(self, tasks: Tasks) -> Selection:
        sums = support_losses(tasks)[:, self._order]
        # (users,); argmin takes the first of a tie, as all are without support
        best = self._order[sums.argmin(axis=1)]
        return Selection(weights=np.eye(len(tasks.models))[best[user_of_row(tasks.query_ptr)]])
