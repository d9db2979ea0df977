from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.views.interactions import Interactions
from bench_ctr.lr import LR
from tests.plugins.bench_ctr.oracle import (
    bags_of_rows,
    everything,
    linear_term,
    network_logits,
    parameters,
    random_network,
)


@settings(max_examples=5)
@given(seed=st.integers(0, 2**31))
def test_logit_is_bias_plus_the_weights_of_a_rows_values(
    interactions: Interactions, seed: int
) -> None:
    network, rows = random_network(LR(LR.Params()), interactions, seed), everything(interactions)
    expected = [linear_term(parameters(network), bags) for bags in bags_of_rows(rows)]
    np.testing.assert_allclose(network_logits(network, rows), expected, rtol=1e-12, atol=1e-12)
