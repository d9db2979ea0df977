from __future__ import annotations

import numpy as np

from bench.data.views.by_user import sum_by_user, user_of_row


def test_users_without_rows_sum_to_zero() -> None:
    sums = sum_by_user(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 2, 2, 3, 3]))
    np.testing.assert_array_equal(sums, [0, 3, 0, 4, 0])


def test_each_row_has_its_users_position() -> None:
    np.testing.assert_array_equal(user_of_row(np.array([0, 0, 2, 2, 3, 3])), [1, 1, 3])
    assert user_of_row(np.array([0])).shape == (0,)
