"""How often a gate is wrong, by simulation: users and trainings drawn anew, verdicts by the code that judges runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from bench.evaluate import Resampled
from bench.evaluate.inference.resampling import draw_users
from bench.gate.evidence import Evidence
from bench.gate.quality import quality_cells
from bench.gate.trials import MethodTrials, Place
from bench.margins import GateMargins

MARGIN = 1e-3
MARGINS = GateMargins.model_validate({"quality": {"logloss": MARGIN}})
RUNS, CELLS, SEEDS, USERS = 250, 8, 3, 80
DRAWN = draw_users(USERS, 200, 0).astype(float) / USERS  # (U, R)


class Drawn(Evidence):
    """Evidence that was not read from a run."""

    def __init__(self, of: Mapping[str, Resampled]) -> None:
        self._of = of

    def of(self, place: str, method: str, metric: str, values: Any) -> Resampled | str:
        return self._of[method]


def verdicts(worse_by: float, seeds: int = SEEDS) -> Iterator[Counter[str]]:
    """Of a run each, over its cells: all worse by that, for the average user and training."""
    generator = np.random.default_rng(5)
    for _ in range(RUNS):
        of_users = MARGIN * generator.standard_normal((CELLS, 1, USERS))
        of_seeds = MARGIN / 2 * generator.standard_normal((CELLS, seeds, 1))
        worse = worse_by + of_users + of_seeds  # (M, S, U)
        evidence = {f"m{cell}": resampled(one) for cell, one in enumerate(worse)}
        methods = [
            MethodTrials(Place("ml", "cold", name), pairs(one.values["logloss"]))
            for name, one in evidence.items()
        ]
        cells = quality_cells(methods, ["logloss"], MARGINS, Drawn(evidence)).cells
        yield Counter(cell.verdict for cell in cells)


def resampled(worse: np.ndarray) -> Resampled:
    """worse (S, U): candidate less base."""
    by_seed = worse.mean(axis=1)
    draws = worse.mean(axis=0) @ DRAWN
    return Resampled(
        names=("base", "candidate"),
        higher_is_better={"logloss": False},
        values={"logloss": np.stack([np.full_like(by_seed, 0.5), 0.5 + by_seed], axis=1)},
        draws={"logloss": np.stack([np.full_like(draws, 0.5), 0.5 + draws], axis=1)},
        undefined={"logloss": {}},
        untested={},
        users=USERS,
        effective_users=float(USERS),
        rows=USERS,
        seeds=len(worse),
    )


def pairs(values: np.ndarray) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    def record(value: float) -> dict[str, Any]:
        return {
            "kind": "method",
            "identity": {"settings": {"use": "fm"}},
            "metrics": {"logloss": {"value": value}},
        }

    return {seed: (record(base), record(other)) for seed, (base, other) in enumerate(values)}


def test_a_change_that_is_worse_by_the_margin_itself_is_stopped_in_a_twentieth_of_runs() -> None:
    """The worst case of what is still allowed, in every cell at once; .05 and three standard errors of the simulation."""
    stopped = [counts["regressed"] > 0 for counts in verdicts(MARGIN)]
    assert np.mean(stopped) <= 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5


def test_training_anew_is_no_regression() -> None:
    counts = sum(verdicts(0.0), Counter())
    assert counts["regressed"] <= 0.002 * RUNS * CELLS
    assert counts["better"] <= 0.02 * RUNS * CELLS


def test_what_is_worse_by_more_than_the_margin_is_seldom_ok() -> None:
    counts = sum(verdicts(1.01 * MARGIN), Counter())
    assert counts["ok"] + counts["better"] <= 0.05 * RUNS * CELLS


def test_what_is_far_worse_is_found_with_enough_seeds() -> None:
    found = sum(verdicts(4 * MARGIN, seeds=5), Counter())
    assert found["regressed"] >= 0.8 * RUNS * CELLS


@pytest.mark.parametrize("worse_by", [0.0, 4 * MARGIN])
def test_one_seed_is_never_a_regression(worse_by: float) -> None:
    counts = sum(verdicts(worse_by, seeds=1), Counter())
    assert counts["regressed"] == counts["better"] == 0
    assert counts["inconclusive"] > 0
