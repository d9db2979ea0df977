"""What is refused as a prediction, and in which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bench.errors import PredictionError, SelectionError
from bench.evaluate import check_logits, check_weights


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_logits_pass_as_they_are(dtype: type) -> None:
    logits = np.array([-1e30, 0, 2], dtype)
    assert check_logits(logits, 3) is logits


@pytest.mark.fault(14, 15)
@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([0.0, 1.0], "expected a numpy array of shape (2,), float32 or float64; got builtins.list"),
        (
            np.zeros((2, 1)),
            "expected a numpy array of shape (2,), float32 or float64; got shape (2, 1), float64",
        ),
        (np.zeros(3), "got shape (3,), float64"),
        (np.zeros(2, np.int64), "got shape (2,), int64"),
        (np.zeros(2, np.float16), "got shape (2,), float16"),
        (np.array([0.0, np.nan]), "logits: 1 of 2 rows are not finite, the first in row 1 (nan)"),
        (
            np.array([np.inf, -np.inf]),
            "logits: 2 of 2 rows are not finite, the first in row 0 (inf)",
        ),
    ],
)
def test_what_is_not_a_logit_is_refused(logits: object, message: str) -> None:
    with pytest.raises(PredictionError, match=re.escape(message)) as raised:
        check_logits(logits, 2)
    assert raised.value.status == "invalid_prediction"
    assert "\n" not in str(raised.value)


def test_a_float32_softmax_passes_as_weights() -> None:
    scores = np.random.default_rng(0).normal(0, 8, (500, 40)).astype(np.float32)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    assert check_weights(weights, 500, 40) is weights


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            np.full((2, 3), 1 / 3),
            "expected a numpy array of shape (2, 2), float32 or float64; got shape (2, 3)",
        ),
        (
            np.array([[0.5, 0.5], [0.5, 0.6]]),
            "1 of 2 rows are off the simplex, the first is row 1 (smallest weight 0.5, sum 1.1",
        ),
        (
            np.array([[1.5, -0.5], [0.0, 1.0]]),
            "1 of 2 rows are off the simplex, the first is row 0 (smallest weight -0.5, sum 1",
        ),
        (np.array([[np.nan, 1.0], [0.0, 1.0]]), "the first is row 0 (smallest weight nan"),
        (np.array([[np.inf, -np.inf], [0.0, 1.0]]), "the first is row 0"),
    ],
)
def test_weights_off_the_simplex_are_refused(weights: object, message: str) -> None:
    with pytest.raises(SelectionError, match=re.escape(message)) as raised:
        check_weights(weights, 2, 2)
    assert raised.value.status == "invalid_selection"


def test_logits_beyond_what_a_log_loss_holds_are_refused() -> None:
    logits = np.array([0.0, 1e300, -1e39])
    told = "logits: 2 of 3 rows are beyond ±1e+38, the first in row 1 (1e+300)"
    with pytest.raises(PredictionError, match=re.escape(told)):
        check_logits(logits, 3)
    assert check_logits(np.array([1e38, -1e38]), 2).tolist() == [1e38, -1e38]
