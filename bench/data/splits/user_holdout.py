"""`user-holdout`: some users train, some validate, some test; each user's last rows are the query."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from bench.data.splits.holdout import HoldoutParams, HoldoutProtocol
from bench.interfaces import Cut, PluginParams, Timeline

__all__ = ["UserHoldout"]

Share = Annotated[float, Field(ge=0, le=1)]


class UserShares(PluginParams):
    """Shares of users by role; they add up to 1."""

    train: Share = Field(0.8, description="share of users that train")
    valid: Share = Field(0.1, description="share of users that choose settings")
    test: Share = Field(0.1, description="share of users that are scored")

    @model_validator(mode="after")
    def _add_up(self) -> UserShares:
        total = self.train + self.valid + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"shares of users add up to {total:g}; they must add up to 1")
        return self


class SupportShare(PluginParams):
    """How a user's rows divide."""

    share: float = Field(
        0.8, gt=0, lt=1, description="share of a user's rows, the earliest, that are support"
    )


class UserHoldout(HoldoutProtocol):
    """Users are divided into training, validation and test users; each user's last rows are the query."""

    name = "user-holdout"

    class Params(HoldoutParams):
        users: UserShares = Field(UserShares(), description="shares of users by role")
        support: SupportShare = Field(SupportShare(), description="how a user's rows divide")

    params: Params

    def split(self, timeline: Timeline, seed: int) -> Cut:
        user_ptr = np.asarray(timeline.user_ptr)
        return Cut(self._roles(len(user_ptr) - 1, seed), self._cuts(user_ptr))

    def _roles(self, users: int, seed: int) -> np.ndarray:
        shuffled = np.random.default_rng([seed, users]).permutation(users)
        shares = self.params.users
        first_valid = round(users * shares.train)
        first_test = users - round(users * shares.test)
        role = np.zeros(users, dtype=np.uint8)
        role[shuffled[first_valid:]] = 1
        role[shuffled[first_test:]] = 2
        return role

    def _cuts(self, user_ptr: np.ndarray) -> np.ndarray:
        rows = np.diff(user_ptr)
        query = np.maximum(1, np.round(rows * (1 - self.params.support.share)).astype(np.int64))
        return np.asarray(user_ptr[1:] - query)
