"""Hard selection by user: the base model that did best on the user's own support."""

from __future__ import annotations

import numpy as np

from bench.interfaces import Context, Selection, Selector, Tasks
from bench_baselines._losses import known_labels, log_losses, sum_by_user, user_of_row


class UserBest(Selector):
    """Each user's best base model, by log loss on the support; without support, the best on training users' query.

    Ties go to the model that is better on training users' query."""

    name = "user-best"

    chosen: dict[str, str]

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        losses = log_losses(train.query_base_logits, known_labels(train.query)[:, None])
        self._order = np.argsort(losses.mean(axis=0), kind="stable")  # (K,) from the best on
        self.chosen = {"without_support": train.models[self._order[0]]}

    def predict(self, tasks: Tasks) -> Selection:
        losses = log_losses(tasks.support_base_logits, known_labels(tasks.support)[:, None])
        sums = np.stack([sum_by_user(losses[:, model], tasks.support_ptr) for model in self._order], axis=1)
        best = self._order[sums.argmin(axis=1)]  # (users,); argmin takes the first of a tie, as all are without support
        return Selection(weights=np.eye(len(tasks.models))[best[user_of_row(tasks.query_ptr)]])
