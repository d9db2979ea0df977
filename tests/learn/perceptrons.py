"""Perceptron selectors and tasks for them, for tests of the compiled kernel."""

from __future__ import annotations

import torch

from bench.learn import Learnable, TaskData, build_selector
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench_baselines.mlp import MLP
from tests.datasets import make_interactions
from tests.learn.parts import task_data, tasks
from tests.learn.test_exactness import RAGGED

MODELS = ("linear", "pairwise", "deep")


def some_interactions(folder):
    """Few items, so that a user's items repeat and users share rows; multi-valued and numeric fields, empty bags."""
    return make_interactions(folder, users=40, items=5, rows_per_user=12, seed=3)


def perceptron(interactions, hidden=(6,), kind=MLP):
    """float64, parameters well away from zero."""
    selector = build_selector(
        kind(kind.Params(embedding_dim=2, hidden=hidden)), interactions, MODELS, seed=1
    ).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in selector.parameters():
            parameter += 0.5 * torch.randn(
                parameter.shape, generator=generator, dtype=torch.float64
            )
    return {"selector": selector}


def some_tasks(interactions, sizes=RAGGED) -> TaskData:
    return task_data(interactions, tasks(interactions, sizes), full=False)


def in_float32(data: TaskData) -> TaskData:
    encoded = {key: type(one)(one.index, one.weights.float()) for key, one in data.encoded.items()}
    return TaskData(
        data.layout, encoded, data.labels.float(), data.base_logits.float(), data.ptr, data.cut
    )


def learnable_and_batch(interactions, kernel, **settings):
    """A learnable and one chunk of all users."""
    learnable = Learnable(
        interactions, perceptron(interactions)["selector"], kernel=kernel, **settings
    )
    (windows,) = chunks(whole(some_tasks(interactions)))
    return learnable, gather(some_tasks(interactions), windows)
