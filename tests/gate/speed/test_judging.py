"""Verdicts from made-up log ratios."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.gate.speed.intervals import paired_estimate, unpaired_estimate
from bench.gate.speed.judging import Control, Sample, confirmed, is_suspect, judged

QUIET = np.array([0.0, 0.004, -0.004])
NOISE = np.array(
    [
        [0.004, -0.002, 0.001],
        [-0.006, -0.003, -0.004],
        [0.002, 0.005, 0.003],
        [0.0, 0.001, -0.001],
        [0.005, 0.007, 0.006],
    ]
)  # (launches, blocks)


def sample(change, *, noise=NOISE, name="fm", control=QUIET, fault="", margin=0.1, resolution=0.0):
    return Sample(
        aspect="throughput",
        dataset="clicks",
        protocol="cold",
        method=name,
        measure="train_cpu_s",
        base=1.0,
        candidate=1.0 + change,
        estimate=paired_estimate(noise + math.log1p(change)),
        margin=margin,
        control=None if control is None else Control(np.asarray(control)),
        fault=fault,
        resolution=resolution,
    )


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(-0.2, "better"), (0.0, "ok"), (0.05, "ok"), (0.1, "inconclusive"), (0.3, "regressed")],
)
def test_a_verdict_follows_the_margin(change, verdict):
    (cell,) = judged([sample(change)])
    assert cell.verdict == verdict
    assert cell.change == pytest.approx(change, abs=0.01)
    assert cell.low <= cell.change <= cell.high


def test_every_launch_has_to_be_slow_and_not_the_blocks_of_one():
    one_astray = np.zeros((5, 3))
    one_astray[0] = 0.4
    (cell,) = judged([sample(0.0, noise=one_astray)])
    assert cell.verdict != "regressed"


@pytest.mark.parametrize("launches", [1, 2, 4])
def test_few_launches_judge_nothing_however_slow(launches):
    (cell,) = judged([sample(9.0, noise=NOISE[:launches])])
    assert cell.verdict == "inconclusive"
    assert "an interval needs 5" in cell.reason


def test_one_launch_has_no_interval():
    (cell,) = judged([sample(9.0, noise=NOISE[:1])])
    assert (cell.low, cell.high, cell.p) == (None, None, None)


def test_many_figures_are_adjusted_for():
    """A change that one figure alone would show is not enough among fifty."""
    noise = np.array([[0.0], [0.02], [0.05], [0.08], [0.1]])
    slow = sample(0.11, noise=noise)
    (alone,) = judged([slow])
    among = judged([slow, *(sample(0.0, name=f"m{number}") for number in range(50))])
    assert alone.verdict == "regressed"
    assert among[0].verdict == "inconclusive"
    assert among[0].p > alone.p


def test_better_is_adjusted_for_many_figures_too():
    noise = np.array([[0.0], [0.01], [0.02], [0.03], [0.04]])
    fast = sample(-0.05, noise=noise)
    among = judged([fast, *(sample(0.0, name=f"m{number}") for number in range(50))])
    assert judged([fast])[0].verdict == "better"
    assert among[0].verdict == "ok"


@pytest.mark.parametrize("control", [[0.2, 0.21, 0.19], [-0.2, 0.0, 0.2], []])
def test_nothing_is_red_beside_a_control_that_moves(control):
    (cell,) = judged([sample(0.3, control=control)])
    assert cell.verdict == "inconclusive"
    assert "control" in cell.reason


def test_a_control_does_not_stop_what_is_ok():
    assert judged([sample(0.0, control=[0.2, 0.2, 0.2])])[0].verdict == "ok"


def test_a_fault_is_never_green_nor_red():
    for change in (0.0, 0.5):
        (cell,) = judged([sample(change, fault="predictions change")])
        assert (cell.verdict, cell.reason) == ("inconclusive", "predictions change")


def test_what_never_varies_is_judged_exactly():
    same = np.zeros((5, 1))
    verdicts = [judged([sample(c, noise=same, margin=0.05)])[0].verdict for c in (0.0, 0.04, 0.06)]
    assert verdicts == ["ok", "ok", "regressed"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(-0.0003, "ok"), (-0.0095, "ok"), (-0.02, "better"), (0.06, "regressed")],
)
def test_what_two_processes_of_one_code_differ_by_is_no_gain(change, verdict):
    same = np.zeros((5, 1))
    (cell,) = judged([sample(change, noise=same, control=None, margin=0.05, resolution=0.01)])
    assert cell.verdict == verdict


@pytest.mark.parametrize(
    ("control", "verdict"),
    [
        (QUIET, "better"),
        ([0.03, 0.035, 0.028], "ok"),
        ([-0.03, 0.0, 0.03], "ok"),
        ([-0.01, 0.0, 0.01], "better"),
    ],
)
def test_what_the_base_moves_by_beside_itself_is_no_gain(control, verdict):
    assert judged([sample(-0.02, control=control)])[0].verdict == verdict


def test_of_an_exact_figure_any_gain_is_one():
    (cell,) = judged([sample(-0.0003, noise=np.zeros((5, 1)), control=None)])
    assert cell.verdict == "better"


def test_an_inconclusive_cell_says_how_many_launches_would_settle_it():
    wide = np.array([[-0.06], [-0.03], [0.0], [0.03], [0.06]])
    (cell,) = judged([sample(0.05, noise=wide)])
    assert cell.verdict == "inconclusive"
    assert "launches would settle it" in cell.reason


def test_a_regression_is_red_where_fresh_launches_show_it_too():
    first, repeat = judged([sample(0.3)]), judged([sample(0.28)])
    both = judged([sample(0.29, noise=np.concatenate([NOISE, NOISE]))])
    assert [cell.verdict for cell in confirmed(first, repeat, both)] == ["regressed"]
    assert "from fresh processes +28" in confirmed(first, repeat, both)[0].reason


def test_a_regression_that_does_not_repeat_is_inconclusive():
    first, repeat = judged([sample(0.3)]), judged([sample(0.0)])
    both = judged([sample(0.0, noise=np.concatenate([NOISE + math.log(1.3), NOISE]))])
    (cell,) = confirmed(first, repeat, both)
    assert cell.verdict == "inconclusive"
    assert "did not repeat" in cell.reason


def test_fresh_launches_within_the_margin_are_not_outvoted_by_the_first():
    first, both = judged([sample(0.5)]), judged([sample(0.25)])
    (cell,) = confirmed(first, judged([sample(0.05)]), both)
    assert both[0].verdict == "regressed"
    assert cell.verdict == "inconclusive"


def test_a_regression_without_a_repeat_is_inconclusive():
    first = judged([sample(0.3)])
    (cell,) = confirmed(first, [], first)
    assert cell.verdict == "inconclusive"
    assert "no time to repeat" in cell.reason


def test_what_seems_slow_and_is_not_sure_is_measured_again():
    wide = np.array([[-0.2], [0.0], [0.0], [0.1], [0.2]])
    assert is_suspect(judged([sample(0.15, noise=wide)])[0])
    assert is_suspect(judged([sample(0.5)])[0])
    assert not is_suspect(judged([sample(0.0)])[0])


def test_order_of_launches_says_nothing_where_they_knew_nothing_of_each_other():
    base, candidate = np.log([1.0, 1.1, 0.9, 1.02, 1.01]), np.log([1.3, 1.2, 1.25, 1.4, 1.1])
    assert unpaired_estimate(base, candidate) == unpaired_estimate(base[::-1], candidate[::-1])
