"""Rows at rest: the closed form against Adam step by step, in float64; and against torch's dense Adam over long rests."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.learn.kernels import adam
from bench.learn.kernels.resting import BETA1, BETA2, EPSILON, MOST_STEPS, rest_tables
from bench.learn.kernels.tables import batch_table, training_table

STEPS = 3000
TABLES = rest_tables(STEPS)


def step_by_step(m: float, v: float, since: int, until: int) -> float:
    """By how much dense Adam of rate 1 moves a row in the steps after `since`, to `until`, without a gradient."""
    moved = 0.0
    for step in range(since + 1, until + 1):
        m, v = BETA1 * m, BETA2 * v
        moved += m / (1 - BETA1**step) / (np.sqrt(v / (1 - BETA2**step)) + EPSILON)
    return moved


def closed_form(m: float, v: float, since: int, until: int) -> float:
    """As `adam.rested` and `adam.take` have it, in float64."""
    tails, ratios, _ = TABLES
    total, first, second = tails[:, since] - ratios[:, until - since] * tails[:, until]
    mean, square = first / total, second / total
    least = np.sqrt(v) + EPSILON * mean
    variance = EPSILON**2 * (square - mean**2)
    return float(total * m / least * (1 + variance / least**2))


@pytest.mark.parametrize("since", [1, 2, 10, 200, 2000])
@pytest.mark.parametrize("rested", [1, 2, 7, 50, 900])
@pytest.mark.parametrize(
    ("gradient", "worst"), [(1e-2, 1e-9), (1e-5, 1e-8), (1e-6, 5e-6), (1e-7, 2e-3), (1e-9, 1e-2)]
)
def test_the_closed_form_is_adam_step_by_step(since, rested, gradient, worst):
    """Within float32's rounding where the gradient was above 1e-5; within a percent of the move, and that in the first steps
    alone, where it is as small as Adam's epsilon."""
    m, v = (1 - BETA1) * gradient, (1 - BETA2) * gradient**2
    expected = step_by_step(m, v, since, since + rested)
    assert closed_form(m, v, since, since + rested) == pytest.approx(expected, rel=worst)


@pytest.mark.parametrize("width", [1, 3, 10, 16, 33])
def test_rows_that_rest_for_long_are_where_torchs_dense_adam_has_them(width):
    """float64 there, float32 here; rows 0 to 5 are touched every 1, 2, 5, 50, 400 and 700 steps."""
    rng = np.random.default_rng(width)
    periods, steps, rate = (1, 2, 5, 50, 400, 700), 1500, 0.01
    dense = torch.zeros(len(periods), width, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([dense], lr=rate)
    table = training_table(len(periods), width)
    taken, rest = batch_table(len(periods), table), np.zeros(len(periods) * adam.REST, np.float32)
    moved, tables = np.zeros(len(periods), np.int32), rest_tables(steps)
    for step in range(1, steps + 1):
        rows = np.array([row for row, period in enumerate(periods) if step % period == 0], np.int32)
        gradient = rng.normal(size=(len(rows), width)).astype(np.float32) / 100
        dense.grad = torch.zeros_like(dense)
        dense.grad[rows] = torch.from_numpy(gradient).double()
        optimiser.step()
        adam.rested(rows, len(rows), moved, step - 1, tables, rate, rest)
        adam.take(table, rows, len(rows), rest, taken)
        _part(taken, len(periods), 1)[: len(rows), :width] = gradient
        adam.move(table, rows, len(rows), rest, taken, step, rate)
        moved[rows] = step
    every = np.arange(len(periods), dtype=np.int32)
    adam.rested(every, len(every), moved, steps, tables, rate, rest)
    adam.take(table, every, len(every), rest, taken)
    found = _part(taken, len(periods), 0)[:, :width]
    np.testing.assert_allclose(found, dense.detach().numpy(), rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("rested", [1, 50, 900, MOST_STEPS + 7])
@pytest.mark.parametrize("since", [1000, MOST_STEPS - 3, MOST_STEPS + 10_000])
def test_steps_beyond_the_tables_are_like_their_last(since, rested):
    """A fit may be allowed any number of steps: what is made for them is bounded."""
    gradient, tables = 1e-3, rest_tables(10**12)
    m, v = (1 - BETA1) * gradient, (1 - BETA2) * gradient**2
    found = np.zeros(adam.REST, np.float32)
    moved = np.array([since], np.int32)
    adam.rested(np.zeros(1, np.int32), 1, moved, since + rested, tables, 1.0, found)
    expected = step_by_step(m, v, since, min(since + rested, since + 5000))
    total, mean, variance, decay1, decay2 = found.astype(float)
    least = np.sqrt(v) + mean
    assert total * m / least * (1 + variance / least**2) == pytest.approx(expected, rel=1e-6)
    assert decay1 == pytest.approx(BETA1**rested, rel=1e-6, abs=1e-19)
    assert decay2 == pytest.approx(BETA2**rested, rel=1e-6, abs=1e-40)


def _part(table, rows, part):
    """(rows, wide): a view."""
    memory, row, wide, _ = table
    return memory[: rows * row].reshape(rows, row // wide, wide)[:, part]
