"""The least that a row costs, by hand for small cases."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers.cases import DEEP, FFM, FM, LR
from benchmarks.peers.limits import cost, gather_of, least_seconds, touched


def test_a_row_of_logistic_regression():
    """Two fields; a batch of 10 touches 5 table rows: half a number of the optimiser's a row."""
    row = cost(LR, 2, 10, 5)
    assert row.streamed == 4 * 2 + 1 + 8
    assert row.looked_up == 3 * 4 * 2 + 7 * 4 / 2
    assert row.operations == 3 * 2 + 12 / 2


def test_factors_add_their_width():
    fm, ffm = cost(FM, 3, 1, 0), cost(FFM, 3, 1, 0)
    assert fm.looked_up == 3 * 4 * 3 * 17
    assert ffm.looked_up == 3 * 4 * 3 * (1 + 2 * 16)
    assert ffm.operations == 3 * (3 + 2 * 3 * 16)


def test_a_tower_multiplies_its_widths():
    tower = cost(DEEP, 8, 1, 0).operations - cost(FM, 8, 1, 0).operations
    assert tower == 3 * 2 * (128 * 400 + 400 * 400 + 400 * 400 + 400)


def test_seconds_are_amounts_by_speeds():
    speeds = {"triad": 17.0, gather_of(1): 38.0, gather_of(16): 304.0, "float32 GEMM": 12.0}
    least = least_seconds(cost(LR, 2, 10, 5), speeds)
    assert least == pytest.approx({"streaming": 1, "table rows": 1, "arithmetic": 1})
    # sixteen times as many bytes besides, at eight times the speed
    assert least_seconds(cost(FM, 2, 10, 5), speeds)["table rows"] == pytest.approx(1 + 2)


def test_table_rows_of_a_batch():
    codes = np.array([[0, 0], [0, 1], [1, 1], [2, 1]])
    assert touched(codes, (3, 2), 2) == (3 + 3) / 2
    assert touched(codes, (3, 2), 4) == 5
    assert touched(codes, (3, 2), 100) == 5
