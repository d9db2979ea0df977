"""What the oracles of all base models start from: a network with random parameters, and rows as plain Python bags."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from bench.data.views.interactions import Interactions
from bench.data.views.rows import View
from bench.learn import DifferentiableModel, Encoder, Network, build_model
from bench.learn.network.row_index import RowIndex

Bag = list[tuple[int, float]]  # (entry of the joint index, weight)
Parameters = dict[str, np.ndarray]  # leaf to float64 values


def everything(interactions: Interactions) -> View:
    """All rows, labelled."""
    return View(interactions, np.arange(len(interactions)), interactions.labels())


def random_network(plugin: DifferentiableModel, interactions: Interactions, seed: int) -> Network:
    """float64, eval mode, every parameter of order 1, so that no term hides behind another."""
    network = build_model(plugin, interactions, seed).double().eval()
    generator = torch.Generator().manual_seed(seed)
    for leaf in network.leaves().values():
        leaf.data.copy_(torch.randn(leaf.shape, generator=generator, dtype=torch.float64))
    return network


def parameters(network: Network) -> Parameters:
    return {name: leaf.detach().numpy() for name, leaf in network.leaves().items()}


def network_logits(network: Network, rows: View) -> np.ndarray:
    encoded = Encoder.fit(rows).encode(rows)
    with torch.no_grad():
        logits: Tensor = network(
            network.lookup(
                RowIndex(encoded.index, encoded.weights, network.layout, network.entries),
                encoded.weights,
            )
        )
    return logits.numpy()


def bags_of_rows(rows: View) -> list[list[Bag]]:
    """Per row and field, from the fields' definition alone; weights as the encoder keeps them, in float32."""
    by_field = [_bags_of_field(rows, field.name, field.kind) for field in rows.fields]
    return [[bags[row] for bags in by_field] for row in range(len(rows))]


def _bags_of_field(rows: View, name: str, kind: str) -> list[Bag]:
    offset = rows.interactions.offsets[name]
    if kind == "categorical":
        return [[(offset + int(code), 1.0)] for code in rows.codes(name)]
    if kind == "multi_valued":
        ptr, codes = rows.bags(name)
        values = [codes[start:stop] for start, stop in pairwise(ptr)]
        return [
            [(offset + int(code), float(np.float32(1 / len(own)))) for code in own]
            for own in values
        ]
    present = [float(value) for value in rows.values(name) if not np.isnan(value)]
    mean, deviation = np.mean(present), np.std(present)
    return [
        [(offset + 1, 1.0)]
        if np.isnan(value)
        else [(offset, float(np.float32((float(value) - mean) / deviation)))]
        for value in rows.values(name)
    ]


def pooled(table: np.ndarray, bag: Bag) -> np.ndarray:
    """(width,): sum of weight * row over one bag; zero where it is empty."""
    total = np.zeros(table.shape[1])
    for entry, weight in bag:
        total += weight * table[entry]
    return total


def linear_term(parameters: Parameters, bags: list[Bag]) -> float:
    """bias + sum_i w_i, the same in all four models."""
    total = float(parameters["bias"])
    for bag in bags:
        total += float(pooled(parameters["linear"], bag)[0])
    return total
