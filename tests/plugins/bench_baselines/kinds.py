"""Users of two kinds, of whom each trusts another model: what a selector that reads the support has to find out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.data.views.interactions import Interactions
from bench.data.views.rows import TaskView
from tests.plugins.bench_baselines.parts import make_tasks


class Kinds(NamedTuple):
    train: TaskView
    valid: TaskView
    test: TaskView  # with labels
    # (n,) bool: the query row of the test is of a user who trusts the first model
    first: np.ndarray


def draw_kinds(interactions: Interactions, *, support_share: float = 0.7) -> Kinds:
    """Two models; for half of the users the first knows the label and the second guesses, for the others the reverse."""
    rng = np.random.default_rng(0)
    kind = rng.permutation(np.arange(len(interactions.user_ptr) - 1) % 2 == 0)
    of_row = kind[interactions.users]
    right = 3 * (2.0 * interactions.labels() - 1) + rng.normal(size=len(interactions))
    guess = 2 * rng.normal(size=len(interactions))
    base_logits = np.stack([np.where(of_row, right, guess), np.where(of_row, guess, right)], axis=1)
    train, valid, test = (
        make_tasks(interactions, np.arange(*ends), base_logits, support_share=support_share)
        for ends in ((1, 35), (35, 45), (45, 60))
    )
    return Kinds(train, valid, test, kind[test.query.users])
