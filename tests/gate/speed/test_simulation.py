"""How often the gate is wrong where the truth is known, in small; the table is made by the benchmark."""

from __future__ import annotations

from benchmarks.gate_simulation import Machine, rates

NOISY = Machine(launch=0.02, block=0.01)
RUNS = 40


def test_identical_code_is_never_red():
    found = rates(NOISY, 0.0, RUNS, figures=4)
    assert found.verdicts["regressed"] == 0
    assert found.false_red == 0


def test_a_third_slower_is_never_green_and_mostly_red():
    found = rates(NOISY, 0.3, RUNS, figures=4)
    assert found.verdicts["ok"] == 0
    assert found.verdicts["regressed"] > 0.9


def test_intervals_hold_the_truth():
    assert rates(NOISY, 0.05, RUNS, figures=2).covered >= 0.85
