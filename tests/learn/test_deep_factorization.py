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


class Stranger(DifferentiableModel):
    name = "stranger"
    compiled_form = "deep-factorization-machine"

    def tables(self):
        return {"linear": 1, "factors": 3}

    def forward(self, rows):
        v = rows["factors"]
        pairs = (v.sum(-2).square() - v.square().sum(-2)).sum(-1) / 2
        return rows["linear"].sum((-2, -1)) + pairs + self.deep(v.flatten(-2)).squeeze(-1)


def with_tower(*layers, extra=False, by_torch=False):
    class Own(Stranger):
        compiled_form = None if by_torch else Stranger.compiled_form

        def build(self, fields):
            inputs = 3 * len(fields)
            self.deep = nn.Sequential(*(layer(inputs) for layer in layers))
            if extra:
                self.scale = nn.Parameter(torch.ones(()))

    return Own(PluginParams())


def with_deep(make):
    """`make`: what is `deep`, of the number of its inputs."""

    class Own(Stranger):
        compiled_form = Stranger.compiled_form

        def build(self, fields):
            deep = make(3 * len(fields))
            if deep is not None:
                self.deep = deep

    return Own(PluginParams())

    return Own(PluginParams())


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


def wider(_):
    return nn.Linear(4, 5)


@pytest.mark.parametrize(
    "layers",
    [
        (linear, relu, head),
        (linear, relu, wider, relu, dropout, lambda _: Linear(5, 1, bias=False)),
        (linear, relu, dropout, wider, relu, lambda _: Linear(5, 1, bias=False)),
        (linear, relu, lambda _: nn.Dropout(0.0), head),
    ],
)
def test_a_tower_may_do_without_dropout_after_any_layer(interactions, examples, layers):
    """Draw for draw as torch's graph has it."""
    found, expected = (
        build_model(with_tower(*layers, by_torch=by_torch), interactions, 0)
        for by_torch in (False, True)
    )
    assert by_hand(found, examples)
    assert not by_hand(expected, examples)
    for network in (found, expected):
        settings = TrainSettings(batch_size=64, learning_rate=0.01, epochs=3, patience=9)
        train(network, examples, examples, settings, seed=4)
    for leaf, value in expected.leaves().items():
        torch.testing.assert_close(found.leaves()[leaf], value, rtol=1e-4, atol=1e-5, msg=leaf)


@pytest.mark.parametrize(
    ("layers", "extra", "reason"),
    [
        (
            (linear, lambda _: nn.Tanh(), dropout, head),
            False,
            r"deep\[1\], a Tanh, stands where a ReLU",
        ),
        ((linear, dropout, relu, head), False, r"deep\[1\], a Dropout, stands where a ReLU"),
        ((dropout, linear, relu, head), False, r"deep\[0\], a Dropout, stands where a Linear"),
        ((linear, relu, nn.Identity, head), False, r"deep\[2\], a Identity, stands where a Linear"),
        (
            (linear, relu, lambda _: nn.Dropout(1.0), head),
            False,
            "drops a share of 1, not one below",
        ),
        ((linear, relu, dropout), False, r"deep\[2\], a Dropout, stands where a Linear should"),
        ((linear, relu), False, r"ends with deep\[1\], a ReLU, and not with a Linear"),
        ((linear, linear), False, r"deep\[1\], a Linear, stands where a ReLU should"),
        ((linear, relu, dropout, lambda _: Linear(4, 2, bias=False)), False, "has 2 outputs"),
        (
            (linear, relu, dropout, lambda _: Linear(4, 1)),
            False,
            r"deep\[3\], a Linear, has a bias",
        ),
        (
            (linear, relu, dropout, lambda _: Linear(4, 1, bias=False).requires_grad_(False)),
            False,
            "is not trained",
        ),
        ((linear, relu, lambda _: Linear(4, 1, bias=False).double()), False, "is float64"),
        ((linear, relu, lambda _: Linear(7, 1, bias=False)), False, "takes 7 inputs, not 4"),
        ((lambda _: Linear(2, 4), relu, head), False, r"takes 2 inputs, not \d+ \(fields times"),
        (
            (lambda inputs: nn.Linear(inputs, 4, bias=False), relu, dropout, head),
            False,
            r"deep\[0\], a Linear, has no bias",
        ),
        ((lambda inputs: Linear(inputs, 1, bias=False),), False, "no hidden layer"),
        ((), False, "no hidden layer"),
        ((linear, relu, dropout, head), True, "has the parameters scale"),
    ],
)
def test_another_tower_is_refused_in_words(interactions, examples, layers, extra, reason):
    network = build_model(with_tower(*layers, extra=extra), interactions, 0)
    with pytest.raises(
        PluginError,
        match=rf"has the tables linear and factors, and as 'deep' an .*; but .*{reason}",
    ):
        train(network, examples, examples, TrainSettings(epochs=1), seed=0)


@pytest.mark.parametrize(
    ("deep", "reason"),
    [
        (lambda _: None, "it has none"),
        (lambda inputs: Linear(inputs, 1, bias=False), "its deep is of type Linear"),
        (lambda _: 3, "its deep is of type int"),
    ],
)
def test_what_is_no_sequence_of_layers_is_refused_in_words(interactions, examples, deep, reason):
    network = build_model(with_deep(deep), interactions, 0)
    with pytest.raises(PluginError, match=f"an nn.Sequential .*; but {reason}; mend that"):
        train(network, examples, examples, TrainSettings(epochs=1), seed=0)


def test_a_layer_that_is_made_elsewhere_before_is_refused(interactions, examples):
    """Adaptation takes layers in the order in which the model has them."""

    class Elsewhere(Stranger):
        compiled_form = Stranger.compiled_form

        def build(self, fields):
            self.last = head(0)
            self.deep = nn.Sequential(linear(3 * len(fields)), relu(0), self.last)

    network = build_model(Elsewhere(PluginParams()), interactions, 0)
    with pytest.raises(PluginError, match="is there twice, or is made elsewhere before: last"):
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
