"""Compiled counting of pairs, as many rows have it, against what numpy counts: the same integers, so the same floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.evaluate.metrics import auc
from bench.evaluate.metrics.auc import auc_by_user, pooled_auc

SPECIAL = [0.0, -0.0, 1e-40, -1e-40, 1.0, -1.0, 3.5, np.inf, -np.inf, 1e38, -1e38]
rows = st.lists(
    st.tuples(
        st.booleans(),
        st.one_of(st.sampled_from(SPECIAL), st.floats(allow_nan=False, width=32)),
        st.sampled_from([0, 1, 2, 7, 2**20, 2**31 - 1, 2**40]),
    ),
    min_size=1,
    max_size=60,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(drawn=rows)
def test_it_is_what_numpy_counts(dtype, drawn):
    y, logits, users = (np.array(column) for column in zip(*drawn, strict=True))
    y, logits = y.astype(np.uint8), logits.astype(dtype)
    expected = pooled_auc(y, logits), auc_by_user(y, logits, users)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auc, "MANY_ROWS", 0)
        found = pooled_auc(y, logits), auc_by_user(y, logits, users)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1].rows, expected[1].rows)
    np.testing.assert_array_equal(found[1].auc, expected[1].auc)


def test_many_rows_are_counted_exactly():
    """Two users, each pair of theirs ordered right or tied by construction."""
    n = 300_000
    y = (np.arange(n) % 3 == 0).astype(np.int8)
    users = np.arange(n) % 2
    assert pooled_auc(y, y.astype(np.float32)) == 1.0
    assert pooled_auc(y, np.zeros(n, np.float32)) == 0.5
    assert auc_by_user(y, -y.astype(np.float64), users).auc.tolist() == [0.0, 0.0]
