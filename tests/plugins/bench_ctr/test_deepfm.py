from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.deepfm import DeepFM
from tests.plugins.bench_ctr.oracle import (
    Bag,
    Parameters,
    bags_of_rows,
    everything,
    linear_term,
    network_logits,
    parameters,
    pooled,
    random_network,
)


def pairwise(vectors: list[np.ndarray]) -> float:
    total = 0.0
    for i in range(len(vectors)):
        for j in range(i + 1, len(vectors)):
            total += float(vectors[i] @ vectors[j])
    return total


def deep(parameters: Parameters, vectors: list[np.ndarray]) -> float:
    """Guo et al. 2017, eq. 3 and 4, unit by unit; a layer is three modules apart from the next (linear, ReLU, dropout)."""
    units = [float(value) for vector in vectors for value in vector]
    layers = sorted({int(name.split(".")[1]) for name in parameters if name.startswith("deep.")})
    for layer in layers[:-1]:
        weight, bias = parameters[f"deep.{layer}.weight"], parameters[f"deep.{layer}.bias"]
        sums = [
            float(bias[o]) + sum(weight[o, i] * unit for i, unit in enumerate(units))
            for o in range(len(bias))
        ]
        units = [max(value, 0.0) for value in sums]
    return float(
        sum(parameters[f"deep.{layers[-1]}.weight"][0, i] * unit for i, unit in enumerate(units))
    )


def deepfm(parameters: Parameters, bags: list[Bag]) -> float:
    vectors = [pooled(parameters["factors"], bag) for bag in bags]
    return linear_term(parameters, bags) + pairwise(vectors) + deep(parameters, vectors)


@pytest.mark.parametrize("hidden", [(5,), (6, 4)])
@settings(max_examples=3)
@given(seed=st.integers(0, 2**31))
def test_logit_is_the_factorization_machine_plus_the_mlp(
    interactions: Interactions, hidden: tuple[int, ...], seed: int
) -> None:
    params = DeepFM.Params(embedding_dim=3, hidden=hidden)
    network, rows = random_network(DeepFM(params), interactions, seed), everything(interactions)
    expected = [deepfm(parameters(network), bags) for bags in bags_of_rows(rows)]
    np.testing.assert_allclose(network_logits(network, rows), expected, rtol=1e-11, atol=1e-10)


def test_dropout_acts_in_training_alone(interactions: Interactions) -> None:
    network, rows = (
        random_network(DeepFM(DeepFM.Params(dropout=0.5)), interactions, 0),
        everything(interactions),
    )
    assert np.array_equal(network_logits(network, rows), network_logits(network, rows))
    network.train()
    assert not np.array_equal(network_logits(network, rows), network_logits(network, rows))
