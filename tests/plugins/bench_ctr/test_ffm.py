from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.ffm import FFM
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


def pairwise(parameters: Parameters, bags: list[Bag], width: int) -> float:
    """Juan et al. 2016, eq. 4, over fields: field i's vector towards field j is the j-th `width` columns of its rows."""
    total = 0.0
    for i in range(len(bags)):
        for j in range(i + 1, len(bags)):
            towards_j = pooled(parameters["factors"], bags[i])[j * width : (j + 1) * width]
            towards_i = pooled(parameters["factors"], bags[j])[i * width : (i + 1) * width]
            total += float(towards_j @ towards_i)
    return total


@settings(max_examples=5)
@given(seed=st.integers(0, 2**31), width=st.integers(1, 5))
def test_logit_is_the_linear_term_plus_every_pair_of_fields(
    interactions: Interactions, seed: int, width: int
) -> None:
    network = random_network(FFM(FFM.Params(embedding_dim=width)), interactions, seed)
    rows, values = everything(interactions), parameters(network)
    expected = [
        linear_term(values, bags) + pairwise(values, bags, width) for bags in bags_of_rows(rows)
    ]
    np.testing.assert_allclose(network_logits(network, rows), expected, rtol=1e-11, atol=1e-11)


def test_what_a_field_means_to_itself_is_never_used(interactions: Interactions) -> None:
    width = 3
    network, rows = (
        random_network(FFM(FFM.Params(embedding_dim=width)), interactions, 0),
        everything(interactions),
    )
    before = network_logits(network, rows)
    for position, field in enumerate(interactions.fields):
        own = slice(
            interactions.offsets[field.name],
            interactions.offsets[field.name] + interactions.sizes[field.name],
        )
        network.tables["factors"].data[own, position * width : (position + 1) * width] = 1e6
    np.testing.assert_array_equal(network_logits(network, rows), before)
