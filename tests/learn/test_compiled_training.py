"""Compiled training against the dense loop in float64: every optimiser, every kind of field, rows at rest, hidden users."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bench.data.views.rows import View
from bench.errors import PluginError
from bench.interfaces import PluginParams
from bench.learn import Encoder, Examples, Hidden, build_model, outputs, train
from bench.learn.network.compiled_training import compiled_form
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR
from tests.datasets import make_interactions
from tests.learn.dense_training import train_densely
from tests.learn.parts import Deep, Pairwise


class WithoutDropout(Pairwise):
    """A tower of Linear and ReLU alone."""

    compiled_form = "deep-factorization-machine"

    def build(self, fields):
        width = self.tables()["factors"]
        self.deep = nn.Sequential(
            nn.Linear(width * len(fields), 6),
            nn.ReLU(),
            nn.Linear(6, 4),
            nn.ReLU(),
            nn.Linear(4, 1, bias=False),
        )

    def forward(self, rows):
        return super().forward(rows) + self.deep(rows["factors"].flatten(-2)).squeeze(-1)


MODELS = {
    "lr": lambda: LR(LR.Params()),
    "fm, width 1": lambda: FM(FM.Params(embedding_dim=1)),
    "fm, width 3": lambda: FM(FM.Params(embedding_dim=3)),
    "fm, width 10": lambda: FM(FM.Params(embedding_dim=10)),
    "fm, width 16": lambda: FM(FM.Params(embedding_dim=16)),
    "fm, width 20": lambda: FM(FM.Params(embedding_dim=20)),
    "ffm, width 1": lambda: FFM(FFM.Params(embedding_dim=1)),
    "ffm, width 4": lambda: FFM(FFM.Params(embedding_dim=4)),
    "ffm, width 7": lambda: FFM(FFM.Params(embedding_dim=7)),
    "ffm, width 18": lambda: FFM(FFM.Params(embedding_dim=18)),
    "deepfm, width 1": lambda: DeepFM(DeepFM.Params(embedding_dim=1, hidden=(7,), dropout=0.0)),
    "deepfm": lambda: DeepFM(DeepFM.Params(embedding_dim=5, hidden=(7,), dropout=0.0)),
    "deepfm, two layers": lambda: DeepFM(
        DeepFM.Params(embedding_dim=18, hidden=(6, 4), dropout=0.0)
    ),
    "deepfm, no Dropout": lambda: WithoutDropout(PluginParams()),
    "a stranger's": lambda: Pairwise(PluginParams()),
    "a stranger's, field by field": lambda: Deep(PluginParams()),
}


# of widths those alone that fill a vector in part, and more than one
USUALLY_TRIED = (
    "lr",
    "fm, width 1",
    "fm, width 3",
    "fm, width 20",
    "ffm, width 4",
    "deepfm, two layers",
    "deepfm, no Dropout",
    "a stranger's, field by field",
)


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=60, items=25, rows_per_user=9, seed=2
    )


@pytest.fixture(scope="module")
def halves(interactions):
    encoder = Encoder.fit(View(interactions, np.arange(len(interactions))))

    def examples(rows):
        view = View(interactions, rows, interactions.labels()[rows])
        return Examples(encoder.encode(view), torch.from_numpy(view.labels.astype(np.float32)))

    rows = np.arange(len(interactions))
    return examples(rows[rows % 2 == 0]), examples(rows[rows % 2 == 1])


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        pytest.param(name, optimizer, marks=[] if name in USUALLY_TRIED else pytest.mark.slow)
        for name in MODELS
        for optimizer in ("adam", "adagrad")
    ],
)
def test_every_parameter_is_where_the_dense_loop_has_it(interactions, halves, name, optimizer):
    settings = TrainSettings(
        batch_size=16, learning_rate=0.01, epochs=3, patience=9, l2=0.01, optimizer=optimizer
    )
    hidden = Hidden(column=0, entry=0, chance=0.2)
    network = build_model(MODELS[name](), interactions, seed=1)
    oracle = build_model(MODELS[name](), interactions, seed=1).double()
    with torch.no_grad():
        rate = halves[0].labels.double().mean()
        oracle.bias.fill_(float((rate / (1 - rate)).log()))
    history = train(network, *halves, settings, seed=4, hidden=hidden)
    train_densely(oracle, halves[0], settings, history.best_epoch, seed=4, hidden=hidden)
    for leaf, expected in oracle.leaves().items():
        found = network.leaves()[leaf].double()
        torch.testing.assert_close(found, expected, rtol=2e-4, atol=2e-5, msg=leaf)


# -- whose form is whose


class Halved(FM):
    """A forward of its own."""

    def forward(self, rows):
        return super().forward(rows) / 2


class Renamed(FM):
    """Another name, the same function."""

    name = "renamed"


class Lying(Pairwise):
    """Says that it is what it is not."""

    compiled_form = "factorization-machine"

    def forward(self, rows):
        return super().forward(rows) + 1


class WithLayer(Pairwise):
    compiled_form = "factorization-machine"

    def build(self, fields):
        self.scale = torch.nn.Parameter(torch.ones(()))


def test_a_subclass_with_a_forward_of_its_own_is_trained_by_torch(interactions):
    params = FM.Params(embedding_dim=3)
    assert compiled_form(build_model(FM(params), interactions, 0)) is not None
    assert compiled_form(build_model(Renamed(params), interactions, 0)) is not None
    assert compiled_form(build_model(Halved(params), interactions, 0)) is None
    assert compiled_form(build_model(Pairwise(PluginParams()), interactions, 0)) is None


def test_a_model_that_is_not_what_it_says_is_refused(interactions, halves):
    network = build_model(Lying(PluginParams()), interactions, 0)
    with pytest.raises(PluginError, match="Lying: its forward is not what its compiled_form"):
        train(network, *halves, TrainSettings(epochs=1), seed=0)
    network = build_model(WithLayer(PluginParams()), interactions, 0)
    with pytest.raises(PluginError, match=r"has the tables .* and no other parameters"):
        train(network, *halves, TrainSettings(epochs=1), seed=0)


def test_what_is_predicted_is_the_models_own_forward(interactions, halves):
    for name in ("lr", "fm, width 10", "ffm, width 7", "a stranger's, field by field"):
        network = build_model(MODELS[name](), interactions, 0)
        for value in network.leaves().values():
            value.data.normal_(generator=torch.Generator().manual_seed(1))
        encoded = halves[1].encoded
        rows = RowIndex(encoded.index, encoded.weights, network.layout, network.entries)
        with torch.no_grad():
            expected = network.eval()(network.lookup(rows, encoded.weights))
        torch.testing.assert_close(outputs(network, encoded), expected, rtol=1e-4, atol=1e-4)


def test_numbers_below_the_smallest_normal_one_are_there_again_afterwards(interactions, halves):
    """In this thread and in those of torch, whose results in adaptation depend on them."""
    train(
        build_model(Deep(PluginParams()), interactions, 0), *halves, TrainSettings(epochs=1), seed=0
    )
    small = torch.full((1 << 18,), 2e-38, dtype=torch.float32)
    assert bool((small / 4 != 0).all())
