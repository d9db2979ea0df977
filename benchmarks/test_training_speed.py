"""An epoch of each built-in model: our sparse lookup beside torch's embedding in the same loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bench.data.views.rows import View
from bench.learn import Encoder, Examples, build_model
from bench.learn.network import training as training_module
from bench.learn.network.row_index import RowIndex
from bench.learn.network.training import _one_epoch
from bench.settings import TrainSettings
from bench_ctr.deepfm import DeepFM
from bench_ctr.ffm import FFM
from bench_ctr.fm import FM
from bench_ctr.lr import LR


class EmbeddingIndex(RowIndex):
    """The usual way: look every entry up, padding too, weigh it, and pool field by field."""

    def __init__(self, entries, weights, layout, rows):
        super().__init__(entries, weights, layout, rows)
        self._index, self._all = (
            entries,
            torch.cat([torch.ones(len(entries), layout.single), weights], dim=1),
        )

    def _pooling(self):
        return None

    def pooled(self, table):
        rows = F.embedding(self._index, table) * self._all.unsqueeze(-1)
        spans = [self._layout.span(field.name) for field in self._layout.fields]
        return torch.stack([rows[:, span].sum(1) for span in spans], dim=1)


@pytest.mark.parametrize("lookup", [RowIndex, EmbeddingIndex], ids=["ours", "embedding"])
@pytest.mark.parametrize("plugin", [LR, FM, FFM, DeepFM], ids=lambda plugin: plugin.name)
def test_one_epoch(benchmark, monkeypatch, interactions, plugin, lookup):
    monkeypatch.setattr(training_module, "RowIndex", lookup)
    view = View(interactions, np.arange(len(interactions)), interactions.labels())
    examples = Examples(
        Encoder.fit(view).encode(view), torch.from_numpy(view.labels.astype(np.float32))
    )
    network = build_model(plugin(plugin.Params()), interactions, seed=0)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    generator = torch.Generator().manual_seed(0)
    benchmark.group = plugin.name
    benchmark.extra_info["rows"] = len(examples)
    benchmark.pedantic(
        _one_epoch,
        args=(network, examples, TrainSettings(), optimiser, generator, None),
        rounds=5,
        warmup_rounds=1,
    )
