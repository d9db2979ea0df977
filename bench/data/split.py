"""A protocol's division of one dataset: who trains, validates, tests, and what is support and query of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from bench.errors import DataError
from bench.interfaces import Cut, SplitProtocol, Timeline

__all__ = ["ROLES", "Part", "Role", "Split", "divide"]

Role = Literal["train", "valid", "test"]
Part = Literal["support", "query"]
ROLES: tuple[Role, ...] = ("train", "valid", "test")  # as numbered in Cut.role


@dataclass(frozen=True)
class Split:
    """Rows are those of the prepared dataset, sorted by user; all indices are int64 and ascending."""

    user_ptr: np.ndarray  # (U + 1,)
    role: np.ndarray  # (U,) uint8
    cut: np.ndarray  # (U,) int64
    setting: Literal["warm", "cold"]
    id_dropout: float

    @cached_property
    def in_query(self) -> np.ndarray:
        """(n,) bool: rows from their user's cut on."""
        return np.arange(self.user_ptr[-1]) >= np.repeat(self.cut, np.diff(self.user_ptr))

    @cached_property
    def row_role(self) -> np.ndarray:
        """(n,) uint8: the role of each row's user."""
        return np.repeat(self.role, np.diff(self.user_ptr))

    def is_role(self, role: Role) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.row_role == ROLES.index(role))

    def rows(self, role: Role, part: Part) -> np.ndarray:
        """Support or query rows of all users of a role."""
        return np.flatnonzero(self.is_role(role) & (self.in_query == (part == "query")))

    def pointer(self, role: Role, part: Part) -> np.ndarray:
        """(users of the role + 1,) int64 into `rows(role, part)`."""
        of_role = self.role == ROLES.index(role)
        starts, stops = self.user_ptr[:-1][of_role], self.user_ptr[1:][of_role]
        lengths = self.cut[of_role] - starts if part == "support" else stops - self.cut[of_role]
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    @property
    def hides_users(self) -> bool:
        """Cold: users' ids read as unknown in every task row."""
        return self.setting == "cold"


def divide(protocol: SplitProtocol, timeline: Timeline, seed: int) -> Split:
    """Ask a protocol for its cut and check it: each role has users, each test and validation user a query row."""
    user_ptr = np.asarray(timeline.user_ptr)
    cut = protocol.split(timeline, seed)
    _check(protocol.name, cut, user_ptr)
    return Split(user_ptr, cut.role, cut.cut, protocol.setting, protocol.id_dropout)


def _check(name: str, cut: Cut, user_ptr: np.ndarray) -> None:
    if cut.role.shape != (len(user_ptr) - 1,) or cut.cut.shape != (len(user_ptr) - 1,):
        raise DataError(f"protocol {name!r}: role and cut must have one entry for each of {len(user_ptr) - 1} users")
    if (cut.cut < user_ptr[:-1]).any() or (cut.cut > user_ptr[1:]).any():
        raise DataError(f"protocol {name!r}: a user's cut lies outside of the user's own rows")
    for number, role in enumerate(ROLES):
        users = int((cut.role == number).sum())
        queries = int((user_ptr[1:] - cut.cut)[cut.role == number].sum())
        if not users or not queries:
            raise DataError(
                f"protocol {name!r}: no {'users' if not users else 'query rows'} left to {_VERBS[role]} "
                f"among {len(user_ptr) - 1} users; give that role a larger share or lower min_rows_per_user"
            )


_VERBS = {"train": "train on", "valid": "validate on", "test": "test on"}
