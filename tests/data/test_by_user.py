from __future__ import annotations

import numpy as np
import pytest

from bench.data.views import by_user
from bench.data.views.by_user import sum_by_user, user_blocks, user_of_row


def test_users_without_rows_sum_to_zero() -> None:
    sums = sum_by_user(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 2, 2, 3, 3]))
    np.testing.assert_array_equal(sums, [0, 3, 0, 4, 0])


def test_each_row_has_its_users_position() -> None:
    np.testing.assert_array_equal(user_of_row(np.array([0, 0, 2, 2, 3, 3])), [1, 1, 3])
    assert user_of_row(np.array([0])).shape == (0,)


@pytest.mark.parametrize("block", [1, 3, 100])
def test_users_are_taken_a_block_of_rows_at_a_time(monkeypatch, block) -> None:
    monkeypatch.setattr(by_user, "BLOCK", block)
    ptr = np.array([0, 0, 2, 2, 7, 8, 8])
    parts = list(user_blocks(ptr))
    assert [user for part in parts for user in range(part.start, part.stop)] == list(range(6))
    for part in parts:
        rows = ptr[part.stop] - ptr[part.start]
        assert rows <= block or part.stop - part.start == 1
    values = np.random.default_rng(0).normal(size=8)
    expected = np.bincount(user_of_row(ptr), weights=values, minlength=6)
    assert sum_by_user(values, ptr).tolist() == expected.tolist()
