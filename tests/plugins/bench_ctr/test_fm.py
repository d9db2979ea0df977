from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.fm import FM
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


def pairwise(parameters: Parameters, bags: list[Bag]) -> float:
    """Rendle 2010, eq. 1, over fields."""
    total = 0.0
    for i in range(len(bags)):
        for j in range(i + 1, len(bags)):
            total += float(
                pooled(parameters["factors"], bags[i]) @ pooled(parameters["factors"], bags[j])
            )
    return total


@settings(max_examples=5)
@given(seed=st.integers(0, 2**31), width=st.integers(1, 7))
def test_logit_is_the_linear_term_plus_every_pair_of_fields(
    interactions: Interactions, seed: int, width: int
) -> None:
    network = random_network(FM(FM.Params(embedding_dim=width)), interactions, seed)
    rows, values = everything(interactions), parameters(network)
    expected = [linear_term(values, bags) + pairwise(values, bags) for bags in bags_of_rows(rows)]
    np.testing.assert_allclose(network_logits(network, rows), expected, rtol=1e-11, atol=1e-11)


def test_values_of_one_bag_do_not_interact(interactions: Interactions) -> None:
    """A row's tags alone, every other vector zero, add nothing beyond their linear weights."""
    network, rows = random_network(FM(FM.Params()), interactions, 0), everything(interactions)
    tags = slice(
        interactions.offsets["tags"], interactions.offsets["tags"] + interactions.sizes["tags"]
    )
    factors = network.tables["factors"].data
    only_tags = factors[tags].clone()
    factors.zero_()
    factors[tags] = only_tags
    expected = [linear_term(parameters(network), bags) for bags in bags_of_rows(rows)]
    assert max(len(bags[3]) for bags in bags_of_rows(rows)) > 1
    np.testing.assert_allclose(network_logits(network, rows), expected, rtol=1e-11, atol=1e-11)
