"""The mixture's logit against exact arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evaluate import mixture_logits


def exact(weights: list[float], logits: list[float]) -> float:
    """With 700 digits, by the definition: log(p / (1 - p)), p the weighted mean of sigmoids."""
    with localcontext() as context:
        context.prec = 700
        odds = [Decimal(z).exp() for z in logits]
        w = [Decimal(weight) for weight in weights]
        p = sum(a * e / (1 + e) for a, e in zip(w, odds, strict=True))
        q = sum(a / (1 + e) for a, e in zip(w, odds, strict=True))
        return float((p / q).ln())


@pytest.mark.parametrize(
    "logits",
    [
        (40.0, 40.0, 40.0),
        (-40.0, -41.0, -39.0),
        (40.0, -40.0, 0.0),
        (700.0, 650.0, 700.0),
        (0.1, 0.2, -0.3),
    ],
)
def test_exact_where_sigmoids_saturate(logits: tuple[float, ...]) -> None:
    weights = [0.5, 0.25, 0.25]
    got = mixture_logits(np.array([weights]), np.array([logits]))
    np.testing.assert_allclose(got, [exact(weights, list(logits))], rtol=1e-14, atol=1e-15)


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(-60, 60)), min_size=1, max_size=6),
)
@settings(max_examples=30)
def test_equals_the_definition(models: list[tuple[float, float]]) -> None:
    weights, logits = np.array([w for w, _ in models]), np.array([z for _, z in models])
    weights /= weights.sum()
    got = mixture_logits(weights[None], logits[None])[0]
    assert got == pytest.approx(exact(list(weights), list(logits)), rel=1e-12, abs=1e-12)
    assert logits.min() - 1e-9 <= got <= logits.max() + 1e-9


def test_all_weight_on_one_model_gives_its_logit() -> None:
    logits = np.array([[3.0, -200.0], [3.0, -200.0]], np.float32)
    got = mixture_logits(np.eye(2, dtype=np.float32), logits)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, [3.0, -200.0], rtol=1e-15)
