from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.dcn_v2 import DCNv2
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

Units = list[float]


def linear(weight: np.ndarray, units: Units) -> Units:
    return [
        sum(float(weight[o, i]) * unit for i, unit in enumerate(units)) for o in range(len(weight))
    ]


def cross(parameters: Parameters, layer: int, first: Units, units: Units) -> Units:
    """Wang et al. 2021, eq. 1, or eq. 2 where the matrix has a low rank."""
    name = f"crosses.{layer}"
    if f"{name}.weight" in parameters:
        mapped, bias = linear(parameters[f"{name}.weight"], units), parameters[f"{name}.bias"]
    else:
        mapped = linear(
            parameters[f"{name}.1.weight"], linear(parameters[f"{name}.0.weight"], units)
        )
        bias = parameters[f"{name}.1.bias"]
    return [x0 * (w + float(b)) + x for x0, w, b, x in zip(first, mapped, bias, units, strict=True)]


def deep(parameters: Parameters, units: Units) -> Units:
    """A layer is three modules apart from the next (linear, ReLU, dropout)."""
    for layer in sorted(
        {int(name.split(".")[1]) for name in parameters if name.startswith("deep.")}
    ):
        sums = linear(parameters[f"deep.{layer}.weight"], units)
        units = [
            max(s + float(b), 0.0)
            for s, b in zip(sums, parameters[f"deep.{layer}.bias"], strict=True)
        ]
    return units


def dcn_v2(params: DCNv2.Params, parameters: Parameters, bags: list[Bag]) -> float:
    first = [float(value) for bag in bags for value in pooled(parameters["vectors"], bag)]
    crossed = first
    for layer in range(params.layers):
        crossed = cross(parameters, layer, first, crossed)
    if not params.hidden:
        out = crossed
    elif params.structure == "parallel":
        out = crossed + deep(parameters, first)
    else:
        out = deep(parameters, crossed)
    return float(parameters["bias"]) + linear(parameters["head.weight"], out)[0]


@pytest.mark.parametrize("structure", ["parallel", "stacked"])
@pytest.mark.parametrize(
    ("hidden", "rank", "layers"), [((), 0, 2), ((5,), 2, 3), ((6, 4), 0, 1), ((4,), 20, 2)]
)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**31))
def test_logit_is_crosses_and_an_mlp(
    interactions: Interactions,
    structure: str,
    hidden: tuple[int, ...],
    rank: int,
    layers: int,
    seed: int,
) -> None:
    params = DCNv2.Params(
        embedding_dim=2, layers=layers, rank=rank, structure=structure, hidden=hidden
    )
    network, rows = random_network(DCNv2(params), interactions, seed), everything(interactions)
    expected = [dcn_v2(params, parameters(network), bags) for bags in bags_of_rows(rows)[:20]]
    np.testing.assert_allclose(network_logits(network, rows)[:20], expected, rtol=1e-9, atol=1e-9)


def test_without_an_mlp_both_structures_are_the_cross_network(interactions: Interactions) -> None:
    parallel, stacked = (
        network_logits(
            random_network(DCNv2(DCNv2.Params(hidden=(), structure=structure)), interactions, 0),
            everything(interactions),
        )
        for structure in ("parallel", "stacked")
    )
    np.testing.assert_array_equal(parallel, stacked)


def test_dropout_acts_in_training_alone(interactions: Interactions) -> None:
    network, rows = (
        random_network(DCNv2(DCNv2.Params(dropout=0.5)), interactions, 0),
        everything(interactions),
    )
    assert np.array_equal(network_logits(network, rows), network_logits(network, rows))
    network.train()
    assert not np.array_equal(network_logits(network, rows), network_logits(network, rows))
