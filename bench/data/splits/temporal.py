"""`temporal`: two moments cut everybody's rows at once, so that nothing learned lies after what is tested."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from bench.data.splits.blocks import BlocksProtocol, ValidUsers
from bench.errors import DataError
from bench.interfaces import Cut, PluginParams, Timeline

__all__ = ["Temporal", "is_rank_within_users"]


class LastShare(PluginParams):
    """How much of all rows lies after the second moment."""

    share: float = Field(
        0.1, gt=0, le=1 / 3, description="share of all rows, the last in time, that are query"
    )


class Temporal(BlocksProtocol):
    """Two moments divide everybody's rows: H less P before the first, P between them, the query from the second on.

    Rows of one time are never parted. Users without a row after the second moment are not tested, and counted."""

    name = "temporal"

    class Params(PluginParams):
        query: LastShare = Field(
            LastShare(), description="share of rows from the second moment on; P has as large a one"
        )
        times: tuple[float, ...] = Field(
            (),
            description="the two moments themselves, in the order column's numbers; instead of `query`",
        )
        users: ValidUsers = Field(
            ValidUsers(), description="who chooses: the share `valid` of users"
        )

        @model_validator(mode="after")
        def _two_moments(self) -> Temporal.Params:
            if self.times and (len(self.times) != 2 or self.times[0] >= self.times[1]):
                raise ValueError("times are two moments, the earlier first: [T1, T2]")
            return self

    params: Params

    def split(self, timeline: Timeline, seed: int) -> Cut:
        order = _moments(timeline)
        first, second = self.params.times or _quantiles(order, self.params.query.share)
        user_ptr = np.asarray(timeline.user_ptr)
        role = self.roles(len(user_ptr) - 1, self.params.users.valid, seed)
        return Cut(
            role, _first_row_from(order, user_ptr, second), _first_row_from(order, user_ptr, first)
        )


def is_rank_within_users(timeline: Timeline) -> bool:
    """Whether the order numbers each user's rows from 0 or from 1, and so says nothing of users against one another."""
    if timeline.order is None:
        return False
    starts, lengths = np.asarray(timeline.user_ptr[:-1]), np.diff(timeline.user_ptr)
    rank = np.arange(len(timeline.order)) - np.repeat(starts, lengths)
    first = timeline.order[0]
    return bool(first in (0, 1) and lengths.max() > 1 and (timeline.order == rank + first).all())


def _moments(timeline: Timeline) -> np.ndarray:
    if timeline.order is None:
        raise DataError(
            "protocol 'temporal': the dataset has no order; name a column of times as `order`"
        )
    if is_rank_within_users(timeline):
        raise DataError(
            "protocol 'temporal': the order numbers each user's own rows, it is no time that users share; "
            "order by a column of times, or use leave-last"
        )
    return np.asarray(timeline.order)


def _quantiles(order: np.ndarray, share: float) -> tuple[float, float]:
    """The moments before the last two shares of rows; equal times go to the later block."""
    ascending = np.sort(order)
    count = len(ascending)
    second = ascending[min(count - 1, max(1, count - round(count * share)))]
    first = ascending[min(count - 1, max(1, count - round(count * 2 * share)))]
    if first >= second:
        raise DataError(
            f"protocol 'temporal': the rows around the last {share:.0%} all have one time ({second}); "
            "give two moments as `times`"
        )
    return first, second


def _first_row_from(order: np.ndarray, user_ptr: np.ndarray, moment: float) -> np.ndarray:
    """(users,) int64: each user's first row at or after a moment, the user's end where there is none."""
    before = np.concatenate([[0], np.cumsum(order < moment)])
    return np.asarray(user_ptr[:-1] + before[user_ptr[1:]] - before[user_ptr[:-1]], dtype=np.int64)
