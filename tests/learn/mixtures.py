"""Perceptron selectors, alone and over the built-in models, and tasks for them, for tests of the compiled inner loop."""

from __future__ import annotations

import copy

import torch

from bench.learn import Learnable, TaskData, build_model, build_selector
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench_baselines.mlp import MLP
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from tests.datasets import make_interactions
from tests.learn.parts import task_data, tasks
from tests.learn.test_exactness import RAGGED

MODELS = ("linear", "pairwise", "deep")
POOL = {
    "lr": LR(LR.Params()),
    "fm": FM(FM.Params(embedding_dim=3)),
    "ffm": FFM(FFM.Params(embedding_dim=2)),
    "deepfm": DeepFM(DeepFM.Params(embedding_dim=17, hidden=(5, 4))),  # wider than a vector
}


def some_interactions(folder):
    """Few items, so that a user's items repeat and users share rows; multi-valued and numeric fields, empty bags."""
    return make_interactions(folder, users=40, items=5, rows_per_user=12, seed=3)


def perceptron(interactions, hidden=(6,), kind=MLP, models=MODELS):
    """float64, parameters well away from zero."""
    params = kind.Params(embedding_dim=2, hidden=hidden)
    return _drawn({"selector": build_selector(kind(params), interactions, models, seed=1)})


def with_pool(interactions, hidden=(6,), kind=MLP, pool=POOL):
    """The same over base models that are adapted too."""
    nets = perceptron(interactions, hidden, kind, tuple(pool))
    models = {
        name: build_model(copy.deepcopy(model), interactions, seed=2)
        for name, model in pool.items()
    }
    return nets | _drawn(models)


def _drawn(nets):
    generator = torch.Generator().manual_seed(0)
    for net in nets.values():
        net.double()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter += 0.5 * torch.randn(
                    parameter.shape, generator=generator, dtype=torch.float64
                )
    return nets


def pool_of(nets):
    return {name: net for name, net in nets.items() if name != "selector"}


def some_tasks(interactions, sizes=RAGGED, *, full=False, hide_users=False) -> TaskData:
    view = tasks(interactions, sizes, hide_users=hide_users)
    return task_data(interactions, view, full=full)


def in_float32(data: TaskData) -> TaskData:
    encoded = {key: type(one)(one.index, one.weights.float()) for key, one in data.encoded.items()}
    base_logits = None if data.base_logits is None else data.base_logits.float()
    return TaskData(data.layout, encoded, data.labels.float(), base_logits, data.ptr, data.cut)


def learnable_and_batch(interactions, kernel, *, make=perceptron, **settings):
    """A learnable and one chunk of all users."""
    nets = make(interactions)
    pool = pool_of(nets)
    data = some_tasks(interactions, full=bool(pool))
    learnable = Learnable(interactions, nets["selector"], pool, kernel=kernel, **settings)
    (windows,) = chunks(whole(data))
    return learnable, gather(data, windows)
