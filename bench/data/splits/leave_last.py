"""`leave-last`: every user's last rows are tested, the block before them is what selectors learn from."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from bench.data.splits.blocks import BlocksProtocol, ValidUsers
from bench.interfaces import Cut, PluginParams, Timeline

__all__ = ["LeaveLast"]


class LastRows(PluginParams):
    """How long the query is; P is as long."""

    rows: int | None = Field(None, ge=1, description="so many of each user's last rows")
    share: float | None = Field(
        None, gt=0, le=1 / 3, description="this share of each user's rows, the last"
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> LastRows:
        if (self.rows is None) == (self.share is None):
            raise ValueError("query takes rows or share, one of them: {rows: 10} or {share: 0.1}")
        return self


class LeaveLast(BlocksProtocol):
    """Each user's rows in three consecutive blocks: H less P, P, and the query, P as long as the query.

    A user with fewer than three times the query's rows gives a third of them to it, one at least."""

    name = "leave-last"

    class Params(PluginParams):
        query: LastRows = Field(
            LastRows(rows=10), description="how long each user's query is: rows or share"
        )
        users: ValidUsers = Field(
            ValidUsers(), description="who chooses: the share `valid` of users"
        )

    params: Params

    def split(self, timeline: Timeline, seed: int) -> Cut:
        starts, stops = np.asarray(timeline.user_ptr[:-1]), np.asarray(timeline.user_ptr[1:])
        query = self._query_rows(stops - starts)
        cut = stops - query
        role = self.roles(len(starts), self.params.users.valid, seed)
        return Cut(role, cut, np.maximum(starts, cut - query))

    def _query_rows(self, rows: np.ndarray) -> np.ndarray:
        """(users,) int64, one at least and, of three rows and more, a third at most."""
        wanted = self.params.query
        query = (
            np.full(len(rows), wanted.rows)
            if wanted.rows is not None
            else np.round(rows * (wanted.share or 0.0))
        )
        return np.asarray(np.maximum(1, np.minimum(query, rows // 3)), dtype=np.int64)
