"""`given`: the division that the data bring along, for results that must be comparable with somebody else's."""

from __future__ import annotations

import numpy as np

from bench.data.splits.holdout import HoldoutProtocol
from bench.errors import DataError
from bench.interfaces import Cut, Timeline

__all__ = ["Given"]


class Given(HoldoutProtocol):
    """Roles of users and parts of rows are columns of the data (`split` of the dataset `table`).

    Users without a query row have no task: as test users they are not tested, and counted."""

    name = "given"

    def split(self, timeline: Timeline, seed: int) -> Cut:  # noqa: ARG002
        if timeline.given_role is None or timeline.given_part is None:
            raise DataError(
                "protocol 'given': the dataset brings no division; name its columns, "
                "`split: {users: COLUMN, part: COLUMN}` of the dataset `table`"
            )
        user_ptr = np.asarray(timeline.user_ptr)
        support = np.concatenate([[0], np.cumsum(timeline.given_part == 0)])
        cut = user_ptr[:-1] + support[user_ptr[1:]] - support[user_ptr[:-1]]
        return Cut(np.asarray(timeline.given_role), cut.astype(np.int64))
