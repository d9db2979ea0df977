"""One call for all users against vmap, and when the engine may make it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bench.interfaces import PluginParams
from bench.learn import DifferentiableModel, Learnable, build_model, build_selector
from bench.learn.adaptation.gathering import gather
from bench.learn.adaptation.windows import chunks, whole
from bench.learn.network import layers
from tests.datasets import make_interactions
from tests.learn.parts import Gate, Linear, task_data, tasks

SIZES = [(4, 2), (1, 1), (7, 3), (2, 5), (9, 1), (3, 3)]


class OwnLayers(DifferentiableModel):
    """Layers of bench.learn, with and without a bias, also on an axis of fields."""

    name = "own-layers"

    def build(self, fields):
        self.by_field = layers.Linear(2, 3, bias=False)
        self.net = nn.Sequential(layers.Linear(3 * len(fields), 5), nn.ReLU(), layers.Linear(5, 1))

    def tables(self):
        return {"factors": 2}

    def forward(self, rows):
        return self.net(self.by_field(rows["factors"]).flatten(-2)).squeeze(-1)


class TorchLayers(OwnLayers):
    """The same of torch's layers."""

    def build(self, fields):
        self.by_field = nn.Linear(2, 3, bias=False)
        self.net = nn.Sequential(nn.Linear(3 * len(fields), 5), nn.ReLU(), nn.Linear(5, 1))


class OneScale(Linear):
    """A parameter (1,): with a user axis it is (U, 1), which broadcasts rightly over rows."""

    def build(self, fields):
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, rows):
        return rows["linear"].sum((-2, -1)) * self.scale


class ByField(Linear):
    """A parameter (F,): with a user axis it is (U, F), which meets (U, n, F) as if users were rows: no error where U == n."""

    def build(self, fields):
        self.scale = nn.Parameter(torch.ones(len(fields)))

    def forward(self, rows):
        return (rows["linear"].squeeze(-1) * self.scale).sum(-1)


class AcrossRows(Linear):
    """Takes the first axis for rows."""

    def forward(self, rows):
        logits = rows["linear"].sum((-2, -1))
        return logits - logits.mean(0)


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=5, rows_per_user=12, seed=3
    )


def losses_and_gradients(interactions, kind, direct: bool | None, dtype=torch.float64):
    """Query losses of a model under a selector, and gradients of its per-user leaves; `direct` forces the way of calling."""
    networks = {
        "selector": build_selector(Gate(PluginParams()), interactions, ("it",), seed=1).to(dtype),
        "it": build_model(kind(PluginParams()), interactions, seed=2).to(dtype),
    }
    with torch.no_grad():
        generator = torch.Generator().manual_seed(0)
        for parameter in networks["it"].parameters():
            parameter += torch.randn(parameter.shape, generator=generator, dtype=dtype)
    networks["it"]._takes_user_axis = direct
    learnable = Learnable(interactions, networks["selector"], {"it": networks["it"]})
    data = task_data(interactions, tasks(interactions, SIZES), full=True, dtype=dtype)
    (chunk,) = chunks(whole(data))
    batch = gather(data, chunk)
    leaves = learnable.per_user(learnable.parameters(), batch)
    losses = learnable.loss(leaves, batch, "query")
    gradients = learnable.gradients(losses, leaves, create_graph=False)
    found = networks["it"]._takes_user_axis
    return (
        losses.detach(),
        {name: value for name, value in gradients.items() if name.startswith("it/")},
        found,
    )


@pytest.mark.parametrize("kind", [OwnLayers, Linear, OneScale])
def test_own_layers_take_all_users_at_once_and_equal_vmap(interactions, kind):
    losses, gradients, found = losses_and_gradients(interactions, kind, None)
    assert found is True
    expected_losses, expected, _ = losses_and_gradients(interactions, kind, False)
    torch.testing.assert_close(losses, expected_losses, rtol=1e-12, atol=1e-12)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", [TorchLayers, ByField, AcrossRows])
def test_others_are_mapped(interactions, kind):
    """The check finds them out and vmap gives the right numbers, where one call would fail or be wrong."""
    losses, _, found = losses_and_gradients(interactions, kind, None)
    assert found is False
    expected, _, _ = losses_and_gradients(interactions, kind, False)
    assert torch.equal(losses, expected)


def test_torch_layers_equal_own_ones(interactions):
    own, _, _ = losses_and_gradients(interactions, OwnLayers, None)
    theirs, _, _ = losses_and_gradients(interactions, TorchLayers, None)
    np.testing.assert_allclose(own.numpy(), theirs.numpy(), rtol=1e-12)


class Buffers(Linear):
    """A constant matrix in a buffer, and one of whole numbers, which stays as it is."""

    def build(self, fields):
        self.register_buffer("turn", torch.eye(len(fields)).flip(0))
        self.register_buffer("first", torch.tensor([0]))

    def forward(self, rows):
        turned = rows["linear"].squeeze(-1) @ self.turn
        return turned.sum(-1) + turned[..., self.first].squeeze(-1)


class Normed(Linear):
    """Batch norm, whose running statistics are buffers."""

    def build(self, fields):
        self.norm = nn.BatchNorm1d(len(fields))

    def forward(self, rows):
        return self.norm(rows["linear"].squeeze(-1)).square().sum(-1)


class PlainTensor(Linear):
    """A constant that follows no dtype."""

    def build(self, fields):
        self.turn = torch.eye(len(fields)).flip(0)

    def forward(self, rows):
        return (rows["linear"].squeeze(-1) @ self.turn).sum(-1)


@pytest.mark.parametrize(
    ("kind", "in_one_call"), [(Buffers, True), (Normed, False), (PlainTensor, False)]
)
def test_what_a_model_keeps_beside_its_parameters_adapts_in_float32(
    interactions, kind, in_one_call
):
    """A run is in float32, the trial of the user axis in float64: buffers follow, and a plain tensor means vmap."""
    losses, gradients, found = losses_and_gradients(interactions, kind, None, torch.float32)
    assert found is in_one_call
    expected_losses, expected, _ = losses_and_gradients(interactions, kind, False, torch.float32)
    torch.testing.assert_close(losses, expected_losses)
    for name, gradient in expected.items():
        assert gradient.dtype == torch.float32
        torch.testing.assert_close(gradients[name], gradient)
