"""Planted data as tasks of selectors: the planted experts are the pool, and each user's support is as long as asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.data import Interactions, TaskView, View, prepare
from bench_data.synthetic import Planted, PlantedParams, Synthetic, expected_log_loss, generate

__all__ = ["World", "make_world"]


class World(NamedTuple):
    """Planted data, prepared, and its users by role. Each user's last `query_rows` rows are the query."""

    planted: Planted
    interactions: Interactions
    train: np.ndarray  # users
    valid: np.ndarray
    test: np.ndarray
    query_rows: int

    def tasks(
        self, users: np.ndarray, support_rows: np.ndarray, *, for_prediction: bool = False
    ) -> TaskView:
        """Users' tasks; support (as many rows as `support_rows` says of each user) is what comes right before the query.

        As in the harness's cold setting users' ids are hidden, and query labels too where a prediction is asked for."""
        ends = self.planted.user_ptr[users + 1]
        cuts = ends - self.query_rows
        support, query = _ranges(cuts - support_rows, cuts), _ranges(cuts, ends)
        tasks = TaskView(
            models=tuple(
                f"expert-{number + 1}" for number in range(self.planted.expert_logits.shape[1])
            ),
            support=self._view(support),
            query=self._view(query),
            support_ptr=np.concatenate([[0], np.cumsum(support_rows)]).astype(np.int64),
            query_ptr=np.arange(len(users) + 1, dtype=np.int64) * self.query_rows,
            support_base_logits=self.planted.expert_logits[support].astype(np.float32),
            query_base_logits=self.planted.expert_logits[query].astype(np.float32),
        )
        return tasks.without_query_labels() if for_prediction else tasks

    def losses(self, users: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """(users,) mean expected log loss of logits (users * query_rows,) on the users' query, under the true logits."""
        losses = expected_log_loss(self.planted.true_logits[self._query(users)], logits)
        return np.asarray(losses.reshape(len(users), self.query_rows).mean(axis=1))

    def optimum(self, users: np.ndarray) -> np.ndarray:
        """(users,) the lowest expected log loss that anything can have."""
        return self.losses(users, self.planted.true_logits[self._query(users)])

    def planted_expert(self, users: np.ndarray) -> np.ndarray:
        """(users,) that of the expert of each user's group."""
        query = self._query(users)
        groups = np.repeat(self.planted.groups[users], self.query_rows)
        return self.losses(users, self.planted.expert_logits[query, groups].astype(np.float32))

    def _query(self, users: np.ndarray) -> np.ndarray:
        ends = self.planted.user_ptr[users + 1]
        return _ranges(ends - self.query_rows, ends)

    def _view(self, rows: np.ndarray) -> View:
        return View(
            self.interactions, rows, np.asarray(self.interactions.labels()[rows]), hide_users=True
        )


def make_world(params: PlantedParams, cache: Path, *, most_support: int, query_rows: int) -> World:
    """Users are halved: one half is tested; of the other a quarter validates. `params` says how users differ, but not how
    many rows they have: each has `most_support` + `query_rows`."""
    rows = most_support + query_rows
    params = params.model_copy(update={"min_rows": rows, "rows_per_user": float(rows)})
    planted, interactions = generate(params), prepare(Synthetic(params), data_dir=None, cache=cache)
    if not np.array_equal(interactions.labels(), planted.interactions.label):
        raise AssertionError("prepared rows do not lie in the generator's order")
    shuffled = np.random.default_rng(params.seed).permutation(params.users)
    first_valid, first_test = params.users * 3 // 8, params.users // 2
    train, valid, test = (np.sort(users) for users in np.split(shuffled, [first_valid, first_test]))
    return World(planted, interactions, train, valid, test, query_rows)


def _ranges(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The rows of all [start, stop), one after another."""
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(starts - before, lengths) + np.arange(lengths.sum()))
