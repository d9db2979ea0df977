"""What people are told that a step is."""

from __future__ import annotations

import pytest

from bench.run.planning.step_titles import fitted_on, step_title
from bench.settings import BasePredictions, PredictionSource


@pytest.mark.parametrize(
    ("variant", "source", "setting", "rows"),
    [
        ("star", "out-of-sample", "cold", "all training rows"),
        ("star", "in-sample", "warm", "all training rows"),
        ("star", "holdout", "cold", "half of the training users"),
        ("star", "holdout", "warm", "support rows"),
        ("front", "out-of-sample", "warm", "rows before every query"),
        ("fold-1", "out-of-sample", "cold", "fold 2 of 5"),
    ],
)
def test_the_rows_of_a_fit_in_words(
    variant: str, source: BasePredictions, setting: str, rows: str
) -> None:
    assert fitted_on(variant, PredictionSource(base_predictions=source, folds=5), setting) == rows


def test_a_method_is_fitted_on_what_the_protocol_says() -> None:
    assert step_title("ml/cold", "gating", "", 0) == "ml/cold gating, seed 0"
    assert step_title("ml/cold", "fm", "fold 1 of 2", 3) == "ml/cold fm, fold 1 of 2, seed 3"
