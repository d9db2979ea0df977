"""An epoch of each built-in model: our training beside the usual way in torch, which looks every entry up by an embedding, has
autograd find dense gradients and Adam move whole tables. And one of DeepFM beside the products of its tower alone, which is
what the processor can do at best."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bench.data.views.rows import View
from bench.learn import Encoder, Examples, build_model, train
from bench.learn.network.lookup import RowLookup
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR

SETTINGS = TrainSettings(epochs=1, l2=0.0)


def train_as_usual(network, examples):
    optimiser = torch.optim.Adam(network.parameters(), lr=SETTINGS.learning_rate, fused=True)
    encoded, layout = examples.encoded, network.layout
    spans = [layout.span(field.name) for field in layout.fields]
    for batch in torch.split(torch.randperm(len(examples)), SETTINGS.batch_size):
        index, weights = encoded.index[batch], encoded.weights[batch]
        every = torch.cat([torch.ones(len(batch), layout.single), weights], dim=1).unsqueeze(-1)

        def pooled(table, index=index, every=every):
            rows = F.embedding(index, network.tables[table]) * every
            return torch.stack([rows[:, span].sum(1) for span in spans], dim=1)

        logits = network(RowLookup(pooled, None, weights, layout, tables=network.widths, apart=()))
        optimiser.zero_grad(set_to_none=True)
        F.binary_cross_entropy_with_logits(logits, examples.labels[batch]).backward()
        optimiser.step()


def multiply_alone(matrices):
    """The products of one batch, forwards and backwards."""
    for inputs, weight, outputs in matrices:
        inputs @ weight.t()
        outputs.t() @ inputs
        outputs @ weight


@pytest.fixture(scope="module")
def encoded(interactions):
    """All rows, and a few to validate by."""
    view = View(interactions, np.arange(len(interactions)), interactions.labels())
    encoder = Encoder.fit(view)

    def examples(rows):
        labels = torch.from_numpy(rows.labels.astype(np.float32))
        return Examples(encoder.encode(rows), labels)

    return examples(view), examples(view.take(np.arange(100)))


@pytest.mark.parametrize("way", ["ours", "as usual"])
@pytest.mark.parametrize("plugin", [LR, FM, FFM, DeepFM], ids=lambda plugin: plugin.name)
def test_one_epoch(benchmark, interactions, encoded, plugin, way):
    everything, few = encoded
    benchmark.group = plugin.name
    benchmark.extra_info["rows"] = len(everything)

    def network():
        return (build_model(plugin(plugin.Params()), interactions, seed=0),), {}

    def run(network):
        if way == "ours":
            train(network, everything, few, SETTINGS, seed=0)
        else:
            train_as_usual(network, everything)

    benchmark.pedantic(run, setup=network, rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("way", ["ours", "products alone"])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("hidden", [(64, 64), (400, 400, 400)], ids=["64-64", "400-400-400"])
def test_a_tower(benchmark, interactions, encoded, hidden, precision, way):
    everything, few = encoded
    settings = TrainSettings(epochs=1, batch_size=2048, precision=precision)
    benchmark.group = f"deepfm {hidden}"
    benchmark.extra_info["rows"] = len(everything)
    params = DeepFM.Params(embedding_dim=16, hidden=hidden, dropout=0.0)
    kind = torch.float32 if precision == "float32" else torch.bfloat16
    n, widths = settings.batch_size, (16 * len(interactions.fields), *hidden)
    matrices = [
        (torch.randn(n, a).to(kind), torch.randn(b, a).to(kind), torch.randn(n, b).to(kind))
        for a, b in pairwise(widths)
    ]

    def network():
        return (build_model(DeepFM(params), interactions, seed=0),), {}

    def run(network):
        if way == "ours":
            train(network, everything, few, settings, seed=0)
        else:
            for _ in range(0, len(everything), n):
                multiply_alone(matrices)

    benchmark.pedantic(run, setup=network, rounds=5, warmup_rounds=1)
