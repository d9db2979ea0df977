"""Predictions that are valid and hardly meant."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from bench.evaluate import is_constant, looks_like_probabilities


def labels(p: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(p)) < p).astype(np.uint8)


@pytest.mark.parametrize("rate", [0.002, 0.03, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_probabilities_are_noticed_at_any_rate_of_positives(rate: float, seed: int) -> None:
    spread = np.random.default_rng(seed).normal(np.log(rate / (1 - rate)), 1.0, 4000)
    p = expit(spread)
    assert looks_like_probabilities(labels(p, seed), p)
    assert not looks_like_probabilities(labels(p, seed), spread)


@pytest.mark.parametrize("rows", [8, 20, 60, 300, 3000])
def test_logits_that_happen_to_lie_between_0_and_1_are_none(rows: int) -> None:
    """Of a cautious model, at any place in the interval: right as logits."""
    flagged = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        low, high = np.sort(rng.random(2))
        logits = rng.uniform(low, high, rows)
        flagged += looks_like_probabilities(labels(expit(logits), seed), logits)
    assert flagged <= 2


def test_one_value_outside_few_values_or_none_are_no_probabilities() -> None:
    p = np.random.default_rng(0).random(4000)
    y = labels(p, 1)
    assert looks_like_probabilities(y, p)
    assert not looks_like_probabilities(y, np.append(p[:-1], 1.1))
    assert not looks_like_probabilities(y, np.append(p[:-1], -0.1))
    assert not looks_like_probabilities(y, p.round())
    assert not looks_like_probabilities(1 - y, p)
    assert not looks_like_probabilities(y[:0], p[:0])


def test_constant_predictions_are_noticed() -> None:
    assert is_constant(np.full(3, 0.3))
    assert not is_constant(np.array([0.3, 0.4]))
    assert not is_constant(np.array([0.3]))
