from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.interfaces import Context
from bench_baselines.random_choice import RandomChoice
from tests.datasets import make_interactions
from tests.plugins.bench_baselines.parts import CONTEXT, make_tasks


def test_each_user_has_one_model_and_each_model_its_share_of_users(tmp_path: Path) -> None:
    interactions = make_interactions(tmp_path, users=600, rows_per_user=4)
    tasks = make_tasks(interactions, np.arange(600), np.zeros((len(interactions), 3)))
    chosen = {}
    for seed in (0, 1):
        selector = RandomChoice(RandomChoice.Params())
        selector.fit(tasks, tasks, Context(seed, 1, "cpu", CONTEXT.scratch))
        weights = selector.predict(tasks).weights
        assert weights is not None
        assert set(np.unique(weights)) == {0.0, 1.0}
        of_user = [set(weights[tasks.query.users == user].argmax(axis=1)) for user in range(600)]
        assert all(len(models) == 1 for models in of_user)
        chosen[seed] = np.array([models.pop() for models in of_user])
        shares = np.bincount(chosen[seed], minlength=3) / 600
        assert np.abs(shares - 1 / 3).max() < 4 * np.sqrt(2 / 9 / 600)  # standard errors
    assert abs((chosen[0] == chosen[1]).mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 600)
