"""`given`: the division that the data bring along, for results that must be comparable with somebody else's."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from bench.errors import DataError
from bench.interfaces import Cut, PluginParams, SplitProtocol, Timeline

__all__ = ["Given"]


class Given(SplitProtocol):
    """Roles of users and parts of rows are columns of the data (`split` of the dataset `table`).

    Users without a query row have no task: as test users they are not tested, and counted."""

    name = "given"
    kind = "user-holdout"

    class Params(PluginParams):
        setting: Literal["warm", "cold"] = Field(
            "cold", description="warm: base models see every user's support; cold: they see training users alone"
        )
        id_dropout: float = Field(
            0.3, ge=0, lt=1, description="cold: chance that a base model's training row hides its user's id"
        )

    params: Params

    @property
    def setting(self) -> Literal["warm", "cold"]:
        return self.params.setting

    @property
    def id_dropout(self) -> float:
        return self.params.id_dropout if self.params.setting == "cold" else 0.0

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
