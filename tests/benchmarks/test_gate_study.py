"""The study of the gate: what it plants is there, and its page says what its files hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.gate_study.page import page
from benchmarks.gate_study.shuffled import Shuffled

ROOT = Path(__file__).resolve().parents[2]


class Scored(Shuffled):
    """Scores that are given."""

    def __init__(self, scores: np.ndarray, shuffled: float, seed: int) -> None:
        self.params = Shuffled.Params(shuffled=shuffled)
        self._scores, self._weights, self._seed = scores, {}, [seed, 0]

    def _logits(self, codes: dict[str, np.ndarray]) -> np.ndarray:
        return self._scores.copy()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_shuffling_takes_the_auc_that_is_expected(share: float) -> None:
    generator = np.random.default_rng(0)
    labels = generator.random(20_000) < 0.3
    scores = generator.standard_normal(len(labels)) + labels
    before = roc_auc_score(labels, scores)
    rows: Any = labels  # of which the length alone is asked
    found = [
        roc_auc_score(labels, Scored(scores, share, seed).predict(rows)) for seed in range(100)
    ]
    standard_error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(
        0.5 + (1 - share) * (before - 0.5), abs=4 * standard_error + 1e-12
    )


def speed(*verdicts: str, change: float, margin: float = 0.1) -> dict[str, Any]:
    cases = [
        {"method": "m", "measure": "train_cpu_s", "true_change": change, "margin": margin}
        | {"verdict": verdict, "change": change}
        for verdict in verdicts
    ]
    repeats = [{"seconds": 60, "load": 1.0, "cases": [case]} for case in cases]
    return {"launches": 5, "blocks": 3, "real": False, "repeats": repeats}


def quality(*verdicts: str, worse_by: float) -> dict[str, Any]:
    case = {"method": "q", "training": 1, "worse_by": worse_by, "change": worse_by}
    repeats = [{"cases": [case | {"verdict": verdict}]} for verdict in verdicts]
    return {"margin": 2e-3, "seeds": 5, "repeats": repeats}


@pytest.mark.parametrize(
    ("change", "verdicts", "row", "told"),
    [
        (0.0, ("ok", "better"), "identical code | 10% | 2 | 0 | 0 | 0%", "No verdict"),
        (0.0, ("ok", "regressed"), "identical code | 10% | 1 | 0 | 1 | 50%", "m 1 of 2"),
        (0.3, ("ok", "regressed"), "+30% | 10% | 1 | 0 | 1 | 50%", "m 1 of 2"),
        (0.3, ("inconclusive", "regressed"), "+30% | 10% | 0 | 1 | 1 | 0%", "No verdict"),
        (0.1, ("ok", "regressed"), "+10% | 10% | 1 | 0 | 1 | 0%", "No verdict"),
    ],
)
def test_a_verdict_on_speed_is_wrong_where_it_contradicts_the_change(
    change: float, verdicts: tuple[str, ...], row: str, told: str
) -> None:
    text = page(speed(*verdicts, change=change), quality("ok", worse_by=0.0))
    assert row in text
    assert told in text.partition("## Quality")[0]


@pytest.mark.parametrize(
    ("worse_by", "verdicts", "row", "told"),
    [
        (0.003, ("ok", "regressed"), "AUC -0.003 | 0.002 | 1 | 0 | 1 | 50%", "q 1 of 2"),
        (0.001, ("ok", "regressed"), "AUC -0.001 | 0.002 | 1 | 0 | 1 | 50%", "q 1 of 2"),
        (0.0, ("ok", "inconclusive"), "trained anew | 0.002 | 1 | 1 | 0 | 0%", "No verdict"),
    ],
)
def test_a_verdict_on_quality_is_wrong_where_it_contradicts_the_change(
    worse_by: float, verdicts: tuple[str, ...], row: str, told: str
) -> None:
    text = page(speed("ok", change=0.0), quality(*verdicts, worse_by=worse_by))
    assert row in text
    assert told in text.partition("## Quality")[2]


def test_the_page_says_what_the_files_hold() -> None:
    folder = ROOT / "docs" / "gate-study"
    of_speed, of_quality = (
        json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("speed", "quality")
    )
    assert (ROOT / "docs" / "gate-study.md").read_text("utf-8") == page(of_speed, of_quality)
    assert min(len(of_speed["repeats"]), len(of_quality["repeats"])) >= 20
