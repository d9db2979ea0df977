"""Rows that are grouped by user: whose a row is, and sums over each user's rows."""

from __future__ import annotations

import numpy as np

__all__ = ["sum_by_user", "user_of_row"]


def user_of_row(ptr: np.ndarray) -> np.ndarray:
    """(n,) int64: the position of each row's user, from the users' pointer (users + 1,)."""
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def sum_by_user(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """(users,) float64: each user's sum of values (n,); 0 where a user has no rows."""
    return np.bincount(user_of_row(ptr), weights=values, minlength=len(ptr) - 1)
