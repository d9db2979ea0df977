"""The perfect selectors against loops over rows and users."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evaluate import (
    best_model_share,
    perfect_sample_logits,
    perfect_user_logits,
    row_log_loss,
)

MODELS = 3


def pool(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n).astype(np.uint8)
    return (
        y,
        rng.normal(0, 2, (n, MODELS)).astype(np.float32),
        np.sort(rng.integers(0, 30, n)).astype(np.int32),
    )


def slow_choices(y: np.ndarray, logits: np.ndarray, groups: np.ndarray) -> dict[int, int]:
    """Group to its model with the lowest summed loss, the first among equals."""
    losses = np.log1p(
        np.exp(np.where(y[:, None] == 1, -logits.astype(float), logits.astype(float)))
    )
    return {int(g): int(np.argmin(losses[groups == g].sum(0))) for g in np.unique(groups)}


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_perfect_selectors_equal_the_loops(seed: int) -> None:
    y, logits, users = pool(seed)
    of_user = slow_choices(y, logits, users)
    of_row = slow_choices(y, logits, np.arange(len(y)))
    assert perfect_user_logits(y, logits, users).tolist() == [
        logits[i, of_user[u]] for i, u in enumerate(users)
    ]
    assert perfect_sample_logits(y, logits).tolist() == [
        logits[i, of_row[i]] for i in range(len(y))
    ]
    chosen = list(of_user.values())
    assert best_model_share(y, logits, users).tolist() == [
        chosen.count(k) / len(chosen) for k in range(MODELS)
    ]


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_bounds_are_ordered(seed: int) -> None:
    y, logits, users = pool(seed)
    sample = row_log_loss(y, perfect_sample_logits(y, logits)).mean()
    user = row_log_loss(y, perfect_user_logits(y, logits, users)).mean()
    assert sample <= user <= row_log_loss(y, logits).mean(axis=0).min() + 1e-12


def test_ties_go_to_the_first_model_of_the_pool() -> None:
    y, users = np.array([1, 0], np.uint8), np.array([0, 0])
    same = np.array([[0.3, 0.3], [0.7, 0.7]])
    assert best_model_share(y, same, users).tolist() == [1.0, 0.0]


def test_users_need_not_be_numbered_from_zero() -> None:
    y, logits, users = pool(5)
    np.testing.assert_array_equal(
        perfect_user_logits(y, logits, users * 7 + 3), perfect_user_logits(y, logits, users)
    )
    assert best_model_share(y, logits, users * 7 + 3).sum() == pytest.approx(1)
