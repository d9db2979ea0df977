"""The training loop as its definition says: torch's own dense optimiser over whole tables, all in one graph, float64."""

from __future__ import annotations

import torch

from bench.learn import Examples, Hidden, Network
from bench.learn.network.losses import binary_cross_entropy, mixture_cross_entropy
from bench.learn.network.row_index import RowIndex
from bench.settings import TrainSettings

OPTIMISERS = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}


def train_densely(
    network: Network,
    examples: Examples,
    settings: TrainSettings,
    epochs: int,
    seed: int,
    hidden: Hidden | None,
) -> None:
    """So many epochs. `network`: float64, its bias where it is to start."""
    optimiser = OPTIMISERS[settings.optimizer](network.parameters(), lr=settings.learning_rate)
    generator = torch.Generator().manual_seed(seed)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(examples), generator=generator)
        batches = torch.split(order, settings.batch_size)
        hides = [
            torch.rand(len(batch), generator=generator) < hidden.chance if hidden else None
            for batch in batches
        ]
        for batch, hide in zip(batches, hides, strict=True):
            optimiser.zero_grad()
            index = examples.encoded.index[batch].clone()
            if hidden is not None:
                index[hide, hidden.column] = hidden.entry
            (
                _losses(network, examples, index, batch)
                + _penalty(network, examples, index, batch, settings.l2)
            ).backward()
            optimiser.step()


def _losses(network, examples, index, batch):
    weights, labels = examples.encoded.weights[batch].double(), examples.labels[batch].double()
    rows = RowIndex(index, weights, network.layout, network.entries)
    if examples.base_logits is None:
        return binary_cross_entropy(network(network.lookup(rows, weights)), labels).mean()
    base_logits = examples.base_logits[batch].double()
    scores = network(network.lookup(rows, weights, base_logits))
    return mixture_cross_entropy(scores, base_logits, labels).mean()


def _penalty(network, examples, index, batch, l2):
    """l2 times the mean over rows of the sum of |looked-up table row|^2, for every table but `linear`; padding left out."""
    singles = torch.ones(len(batch), network.layout.single)
    present = torch.cat([singles, examples.encoded.weights[batch] != 0], dim=1).double()
    total = torch.zeros((), dtype=torch.float64)
    for table in network.widths:
        if table != "linear":
            squares = network.tables[table][index.long()].square().sum(-1)
            total = total + (squares * present).sum()
    return l2 * total / len(batch)
