"""DeepFM's gradients by hand: the same model as torch's graph trains, dropout and all. test_compiled_training.py holds them
against the dense loop in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bench.data.views.rows import View
from bench.errors import PluginError
from bench.interfaces import PluginParams
from bench.learn import (
    DifferentiableModel,
    Encoder,
    Examples,
    Hidden,
    Linear,
    build_model,
    outputs,
    train,
)
from bench.learn.kernels.tower import activate, derive, derive_last
from bench.learn.network.deep_factorization import DeepFactorization
from bench.learn.network.trainers import trainer
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from tests.datasets import make_interactions


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=30, items=12, rows_per_user=9, seed=2
    )


@pytest.fixture(scope="module")
def examples(interactions):
    view = View(interactions, np.arange(len(interactions)), interactions.labels())
    labels = torch.from_numpy(view.labels.astype(np.float32))
    return Examples(Encoder.fit(view).encode(view), labels)


class ByTorch(DeepFM):
    """The same, with a forward of its own."""

    def forward(self, rows):
        return super().forward(rows)


def by_hand(network, examples):
    return isinstance(trainer(network, examples, TrainSettings(), 1)._gradients, DeepFactorization)


def trained(kind, interactions, examples, **settings):
    params = kind.Params(embedding_dim=5, hidden=(8, 6), dropout=0.3)
    network = build_model(kind(params), interactions, seed=1)
    hidden = Hidden(column=0, entry=0, chance=0.2)
    asked = TrainSettings(batch_size=64, learning_rate=0.01, epochs=3, patience=9, **settings)
    train(network, examples, examples, asked, seed=4, hidden=hidden)
    return network


@pytest.mark.parametrize("optimizer", ["adam", "adagrad"])
def test_dropout_is_torch_s_own_draw_for_draw(interactions, examples, optimizer):
    found = trained(DeepFM, interactions, examples, optimizer=optimizer)
    expected = trained(ByTorch, interactions, examples, optimizer=optimizer)
    assert by_hand(found, examples)
    assert not by_hand(expected, examples)
    for leaf, value in expected.leaves().items():
        torch.testing.assert_close(found.leaves()[leaf], value, rtol=1e-4, atol=1e-5, msg=leaf)


def test_seed_decides_every_bit(interactions, examples):
    one, other = (
        outputs(trained(DeepFM, interactions, examples), examples.encoded) for _ in range(2)
    )
    assert one.numpy().tobytes() == other.numpy().tobytes()


# -- whose function it is


class Lying(DeepFM):
    """Says that it is what it is not."""

    compiled_form = "deep-factorization-machine"

    def forward(self, rows):
        return super().forward(rows) + rows["factors"][..., 0].sum(-1)


class DroppingMore(DeepFM):
    """Another function in training alone."""

    compiled_form = "deep-factorization-machine"

    def forward(self, rows):
        kept = nn.functional.dropout(rows["factors"], 0.5, self.training)
        rows = {"linear": rows["linear"], "factors": kept}
        return super().forward(rows)


class Renamed(DeepFM):
    name = "renamed"


@pytest.mark.parametrize("kind", [Lying, DroppingMore])
def test_a_model_that_is_not_what_it_says_is_refused(interactions, examples, kind):
    network = build_model(kind(kind.Params(hidden=(4,))), interactions, 0)
    with pytest.raises(PluginError, match=f"{kind.__name__}: its forward is not what its compiled"):
        train(network, examples, examples, TrainSettings(epochs=1), seed=0)


def test_a_subclass_with_another_name_is_the_same_function(interactions, examples):
    network = build_model(Renamed(Renamed.Params()), interactions, 0)
    assert by_hand(network, examples)


def with_tower(*layers, extra=False):
    class Stranger(DifferentiableModel):
        name = "stranger"
        compiled_form = "deep-factorization-machine"

        def build(self, fields):
            inputs = 3 * len(fields)
            self.deep = nn.Sequential(*(layer(inputs) for layer in layers))
            if extra:
                self.scale = nn.Parameter(torch.ones(()))

        def tables(self):
            return {"linear": 1, "factors": 3}

        def forward(self, rows):
            v = rows["factors"]
            pairs = (v.sum(-2).square() - v.square().sum(-2)).sum(-1) / 2
            return rows["linear"].sum((-2, -1)) + pairs + self.deep(v.flatten(-2)).squeeze(-1)

    return Stranger(PluginParams())


def linear(inputs):
    return nn.Linear(inputs, 4)


def relu(_):
    return nn.ReLU()


def dropout(_):
    return nn.Dropout(0.1)


def head(_):
    return Linear(4, 1, bias=False)


def test_a_stranger_s_tower_is_trained_by_hand_too(interactions, examples):
    network = build_model(with_tower(linear, relu, dropout, head), interactions, 0)
    assert by_hand(network, examples)


@pytest.mark.parametrize(
    ("layers", "extra"),
    [
        ((linear, lambda _: nn.Tanh(), dropout, head), False),
        ((linear, relu, head), False),
        ((linear, relu, dropout, lambda _: Linear(4, 2, bias=False)), False),
        ((linear, relu, dropout, lambda _: Linear(4, 1)), False),
        ((linear, relu, dropout, lambda _: Linear(4, 1, bias=False).requires_grad_(False)), False),
        ((lambda inputs: nn.Linear(inputs, 4, bias=False), relu, dropout, head), False),
        ((lambda inputs: Linear(inputs, 1, bias=False),), False),
        ((), False),
        ((linear, relu, dropout, head), True),
    ],
)
def test_another_tower_is_refused_in_words(interactions, examples, layers, extra):
    network = build_model(with_tower(*layers, extra=extra), interactions, 0)
    with pytest.raises(PluginError, match=r"has the tables linear and factors, and as 'deep' an"):
        train(network, examples, examples, TrainSettings(epochs=1), seed=0)


def test_weights_that_do_not_lie_in_order_are_trained_as_well(interactions, examples):
    def turned(inputs):
        layer = nn.Linear(inputs, 4)
        layer.weight = nn.Parameter(layer.weight.detach().t().contiguous().t())
        return layer

    found, expected = (
        build_model(with_tower(first, relu, dropout, head), interactions, 0)
        for first in (turned, linear)
    )
    before = expected.dense()["deep.0.weight"].detach().clone()
    for network in (found, expected):
        train(network, examples, examples, TrainSettings(epochs=1), seed=0)
    assert not torch.equal(expected.dense()["deep.0.weight"], before)
    for leaf, value in expected.leaves().items():
        assert torch.equal(found.leaves()[leaf], value), leaf


def test_what_is_no_number_stays_none():
    """Else a model that diverges would be told of as one that learned."""
    none, one = np.full(1, np.nan, np.float32), np.ones(1, np.float32)
    scale = np.float32(1)
    units = none.copy()
    activate(units, one)
    assert np.isnan(units).all()
    for found in (one.copy(), none.copy()):
        derive(found, none, scale, np.empty(1, np.float32))
        assert np.isnan(found).all()
        found[:] = 1
        derive_last(found, none, one, scale, np.empty(1, np.float32))
        assert np.isnan(found).all()
