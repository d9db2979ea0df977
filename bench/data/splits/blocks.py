"""What leave-last and temporal share: users are known to all, and most of them train while the others choose."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from bench.data.splits.base_predictions import hash_of
from bench.interfaces import PluginParams, SplitProtocol

__all__ = ["BlocksProtocol", "ValidUsers"]


class ValidUsers(PluginParams):
    """Who chooses."""

    valid: float = Field(
        0.1, gt=0, lt=1, description="share of users on whose block P everything is chosen"
    )


class BlocksProtocol(SplitProtocol):
    """A user's rows fall into H less P, P and the query. Selectors are fitted on P of most users, and everything that is
    chosen is chosen on P of the others; every user with a query row is tested."""

    kind = "blocks"

    @property
    def setting(self) -> Literal["warm", "cold"]:
        return "warm"

    @staticmethod
    def roles(users: int, valid: float, seed: int) -> np.ndarray:
        """(users,) uint8: 1 for the share `valid` of users with the lowest seeded hash, one at least, else 0."""
        role = np.zeros(users, dtype=np.uint8)
        role[np.argsort(hash_of(users, seed), kind="stable")[: max(1, round(users * valid))]] = 1
        return role
