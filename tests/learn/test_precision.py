"""`precision: bf16`: the products of layers in training, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.data.views.rows import View
from bench.interfaces import PluginParams
from bench.learn import Encoder, Examples, build_model, build_selector, outputs, train
from bench.learn.network.products import products_in
from bench.settings import TrainSettings
from bench_ctr.ffm import FFM
from bench_ctr.lr import LR
from tests.datasets import make_interactions
from tests.learn.parts import Deep, Gate
from tests.learn.test_compiled_training import MODELS

SELECTOR = "selector"


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return make_interactions(
        tmp_path_factory.mktemp("data"), users=40, items=12, rows_per_user=10, seed=2
    )


@pytest.fixture(scope="module")
def examples(interactions):
    view = View(interactions, np.arange(len(interactions)), interactions.labels())
    labels = torch.from_numpy(view.labels.astype(np.float32))
    base_logits = torch.randn(len(view), 2, generator=torch.Generator().manual_seed(0))
    encoded = Encoder.fit(view).encode(view)
    return {True: Examples(encoded, labels, base_logits), False: Examples(encoded, labels)}


def trained(interactions, examples, name, precision):
    """Logits of the rows, and every parameter."""
    of_selector = name == SELECTOR
    rows = examples[of_selector]
    network = (
        build_selector(Gate(PluginParams()), interactions, ("one", "other"), seed=0)
        if of_selector
        else build_model(MODELS[name](), interactions, seed=0)
    )
    settings = TrainSettings(batch_size=64, epochs=4, learning_rate=0.01, precision=precision)
    history = train(network, rows, rows, settings, seed=0)
    return history, outputs(network, rows.encoded, rows.base_logits), network.leaves()


@pytest.mark.parametrize("name", ["deepfm, two layers", "a stranger's, field by field", SELECTOR])
def test_layers_are_rounded_and_learn_the_same(interactions, examples, name):
    history, logits, leaves = trained(interactions, examples, name, "bf16")
    exactly, expected, _ = trained(interactions, examples, name, "float32")
    assert all(value.dtype == torch.float32 for value in leaves.values())
    assert not torch.equal(logits, expected)
    assert float((logits - expected).norm() / expected.norm()) < 0.05
    np.testing.assert_allclose(history.valid_logloss, exactly.valid_logloss, atol=2e-3)


@pytest.mark.parametrize("kind", [LR, FFM])
def test_a_model_without_layers_stays_as_it_is(interactions, examples, kind):
    name = "lr" if kind is LR else "ffm, width 4"
    found, expected = (
        trained(interactions, examples, name, precision)[1] for precision in ("bf16", "float32")
    )
    assert torch.equal(found, expected)


class Spying(Deep):
    """Notes of every call: whether it trains, and the types of what it looked up and of what its layers gave."""

    def build(self, fields):
        super().build(fields)
        self.seen = set()

    def forward(self, rows):
        vectors = rows["factors"]
        out = self.net(vectors.flatten(-2)).squeeze(-1)
        self.seen.add((self.training, vectors.dtype, out.dtype))
        return out


def test_tables_are_float32_and_so_is_every_prediction(interactions, examples):
    network = build_model(Spying(PluginParams()), interactions, seed=0)
    settings = TrainSettings(batch_size=64, epochs=1, precision="bf16")
    train(network, examples[False], examples[False], settings, seed=0)
    assert network.plugin.seen == {
        (True, torch.float32, torch.bfloat16),
        (False, torch.float32, torch.float32),
    }


def test_sums_do_not_stall():
    """A sum in bfloat16 stays at 256, where 1 more is less than half a place."""
    to = torch.ones(1, 1)
    products = products_in("bf16")
    products.put(torch.ones(1, 1000), torch.ones(1000, 1), to)
    assert to.item() == 1000
    products.add(torch.full((1, 1), 3.0), torch.full((1, 1), 1 + 2**-10), to)
    assert to.item() == 1003, "a factor is rounded, and what is added is not"
