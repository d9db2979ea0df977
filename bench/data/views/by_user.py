"""Rows that are grouped by user: whose a row is, and sums over each user's rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.data.paged import BLOCK

__all__ = ["sum_by_user", "user_blocks", "user_of_row"]


def user_of_row(ptr: np.ndarray) -> np.ndarray:
    """(n,) int64: the position of each row's user, from the users' pointer (users + 1,)."""
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def sum_by_user(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """(users,) float64: each user's sum of values (n,); 0 where a user has no rows."""
    sums = np.zeros(len(ptr) - 1)
    for users in user_blocks(ptr):
        own = ptr[users.start : users.stop + 1]
        sums[users] = np.bincount(
            user_of_row(own - own[0]), weights=values[own[0] : own[-1]], minlength=len(own) - 1
        )
    return sums


def user_blocks(ptr: np.ndarray) -> Iterator[slice]:
    """All users, in order, as many at a time as have a block of rows; one at least."""
    first = 0
    while first < len(ptr) - 1:
        stop = int(np.searchsorted(ptr, ptr[first] + BLOCK, side="right")) - 1
        stop = min(max(stop, first + 1), len(ptr) - 1)
        yield slice(first, stop)
        first = stop
