from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.autoint import AutoInt
from tests.plugins.bench_ctr.oracle import (
    Bag,
    Parameters,
    bags_of_rows,
    everything,
    network_logits,
    parameters,
    pooled,
    random_network,
)


def interacting(
    parameters: Parameters, layer: int, vectors: list[np.ndarray], heads: int
) -> list[np.ndarray]:
    """Song et al. 2019, eq. 5 to 8, field by field and head by head."""
    query, key, value, residual = (
        parameters[f"interactions.{layer}.{name}.weight"]
        for name in ("query", "key", "value", "residual")
    )
    width = len(query) // heads
    out = []
    for vector in vectors:
        joined = []
        for head in range(heads):
            own = slice(head * width, (head + 1) * width)
            similarities = [float((query[own] @ vector) @ (key[own] @ other)) for other in vectors]
            largest = max(similarities)
            shares = [np.exp(similarity - largest) for similarity in similarities]
            joined.append(
                sum(
                    s / sum(shares) * (value[own] @ v) for s, v in zip(shares, vectors, strict=True)
                )
            )
        out.append(np.maximum(np.concatenate(joined) + residual @ vector, 0))
    return out


def autoint(params: AutoInt.Params, parameters: Parameters, bags: list[Bag]) -> float:
    vectors = [pooled(parameters["vectors"], bag) for bag in bags]
    for layer in range(params.layers):
        vectors = interacting(parameters, layer, vectors, params.heads)
    return float(parameters["bias"]) + float(parameters["head.weight"][0] @ np.concatenate(vectors))


@pytest.mark.parametrize(("layers", "heads", "head_dim"), [(1, 1, 3), (2, 2, 3), (3, 3, 2)])
@settings(max_examples=3)
@given(seed=st.integers(0, 2**31))
def test_logit_is_attention_among_fields_and_a_linear_map(
    interactions: Interactions, layers: int, heads: int, head_dim: int, seed: int
) -> None:
    params = AutoInt.Params(embedding_dim=4, layers=layers, heads=heads, head_dim=head_dim)
    network, rows = random_network(AutoInt(params), interactions, seed), everything(interactions)
    expected = [autoint(params, parameters(network), bags) for bags in bags_of_rows(rows)[:20]]
    np.testing.assert_allclose(network_logits(network, rows)[:20], expected, rtol=1e-9, atol=1e-9)


def test_dropout_acts_in_training_alone(interactions: Interactions) -> None:
    network, rows = (
        random_network(AutoInt(AutoInt.Params(dropout=0.5)), interactions, 0),
        everything(interactions),
    )
    assert np.array_equal(network_logits(network, rows), network_logits(network, rows))
    network.train()
    assert not np.array_equal(network_logits(network, rows), network_logits(network, rows))
