"""`user-holdout`: some users train, some validate, some test; each user's last rows are the query."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from bench.interfaces import Cut, PluginParams, SplitProtocol, Timeline

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

    share: float = Field(0.8, gt=0, lt=1, description="share of a user's rows, the earliest, that are support")


class UserHoldout(SplitProtocol):
    """Users are divided into training, validation and test users; each user's last rows are the query."""

    name = "user-holdout"
    kind = "user-holdout"

    class Params(PluginParams):
        setting: Literal["warm", "cold"] = Field(
            "cold", description="warm: base models see every user's support; cold: they see training users alone"
        )
        users: UserShares = Field(UserShares(), description="shares of users by role")
        support: SupportShare = Field(SupportShare(), description="how a user's rows divide")
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
