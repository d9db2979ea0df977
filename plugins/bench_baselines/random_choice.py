"""The control that any selector has to beat: one base model a user, by lot."""

from __future__ import annotations

import numpy as np

from bench.data.encoding.hashing import mix64
from bench.interfaces import Context, Selection, Selector, Tasks


class RandomChoice(Selector):
    """A base model drawn for each user, from the seed and the user alone; nothing is learned."""

    name = "random"

    def fit(self, train: Tasks, valid: Tasks, context: Context) -> None:  # noqa: ARG002
        self._key = mix64(np.array([context.seed % 2**64], dtype=np.uint64))

    def predict(self, tasks: Tasks) -> Selection:
        models = len(tasks.models)
        drawn = mix64(mix64(tasks.query.users.astype(np.uint64)) ^ self._key) % np.uint64(models)
        return Selection(weights=np.eye(models)[drawn.astype(np.int64)])
