"""A protocol's division of one dataset: who trains, validates, tests, and what is support and query of each.

Two kinds. In `user-holdout` a user has one role and two blocks, support and query. In blocks (`train_cut`: leave-last,
temporal) a user has three, H less P, P and the query: as a user to learn or to choose from, support is H less P and query is
P; as a user to test, support is H and query the last block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from bench.data.paged import read_only
from bench.errors import BenchError, DataError, PluginError
from bench.interfaces import Cut, SplitProtocol, Timeline
from bench.interruption import by_the_user

__all__ = ["ROLES", "Part", "Role", "Split", "divide"]

Role = Literal["train", "valid", "test"]
Part = Literal["support", "query"]
ROLES: tuple[Role, ...] = ("train", "valid", "test")  # as numbered in Cut.role
_NO_ROLE = len(ROLES)


class _Spans(NamedTuple):
    """Users of a role, those with a query row: support is [start, middle), query [middle, stop)."""

    users: np.ndarray  # (u,) ascending
    start: np.ndarray
    middle: np.ndarray
    stop: np.ndarray


@dataclass(frozen=True)
class Split:
    """Rows are those of the prepared dataset, sorted by user; all indices are int64 and ascending."""

    user_ptr: np.ndarray  # (U + 1,)
    role: np.ndarray  # (U,) uint8; in blocks 0 or 1, and every user with a query row is tested
    cut: np.ndarray  # (U,) int64
    setting: Literal["warm", "cold"]
    id_dropout: float
    train_cut: np.ndarray | None = None  # (U,) int64: where P starts, in blocks

    @property
    def in_blocks(self) -> bool:
        return self.train_cut is not None

    @cached_property
    def in_query(self) -> np.ndarray:
        """(n,) bool: rows from their user's cut on."""
        return self._between(self.cut, self.user_ptr[1:])

    @cached_property
    def in_train_query(self) -> np.ndarray:
        """(n,) bool: rows of P; none without blocks."""
        if self.train_cut is None:
            return np.zeros(self.user_ptr[-1], dtype=bool)
        return self._between(self.train_cut, self.cut)

    @cached_property
    def row_role(self) -> np.ndarray:
        """(n,) uint8: the role of each row's user."""
        return np.repeat(self.role, np.diff(self.user_ptr))

    def is_role(self, role: Role) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.row_role == ROLES.index(role))

    def users(self, role: Role) -> np.ndarray:
        """(u,) users whose tasks a role has: those with a query row there."""
        return self._spans(role).users

    @property
    def untested(self) -> int:
        """Users who would be tested (in blocks: all) and have no query row."""
        would_be = (
            len(self.role) if self.in_blocks else int((self.role == ROLES.index("test")).sum())
        )
        return would_be - len(self.users("test"))

    def rows(self, role: Role, part: Part) -> np.ndarray:
        """Support or query rows of all tasks of a role."""
        _, start, middle, stop = self._spans(role)
        return _ranges(start, middle) if part == "support" else _ranges(middle, stop)

    def pointer(self, role: Role, part: Part) -> np.ndarray:
        """(users of the role + 1,) int64 into `rows(role, part)`."""
        _, start, middle, stop = self._spans(role)
        lengths = middle - start if part == "support" else stop - middle
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    def without_tasks_of(self, users: np.ndarray) -> Split:
        """The same division where some users, (U,) bool, have no role and so no task."""
        return replace(self, role=np.where(users, _NO_ROLE, self.role).astype(np.uint8))

    def of_users(self, users: slice) -> Split:
        """The same division of some users alone; rows count from the first of theirs."""
        first = self.user_ptr[users.start]
        return replace(
            self,
            user_ptr=self.user_ptr[users.start : users.stop + 1] - first,
            role=self.role[users],
            cut=self.cut[users] - first,
            train_cut=None if self.train_cut is None else self.train_cut[users] - first,
        )

    def _between(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """(n,) bool: rows in their user's [start, stop)."""
        lengths = np.stack([start - self.user_ptr[:-1], stop - start, self.user_ptr[1:] - stop], 1)
        return np.repeat(np.tile([False, True, False], len(start)), lengths.ravel())

    def _spans(self, role: Role) -> _Spans:
        starts, stops = np.asarray(self.user_ptr[:-1]), np.asarray(self.user_ptr[1:])
        if self.train_cut is None:
            of_role, middle, stop = self.role == ROLES.index(role), self.cut, stops
        elif role == "test":
            of_role, middle, stop = np.ones(len(starts), dtype=bool), self.cut, stops
        else:
            of_role, middle, stop = self.role == ROLES.index(role), self.train_cut, self.cut
        users = np.flatnonzero(of_role & (middle < stop))
        return _Spans(users, starts[users], middle[users], stop[users])

    @property
    def hides_users(self) -> bool:
        """Cold: users' ids read as unknown in every task row."""
        return self.setting == "cold"


def divide(protocol: SplitProtocol, timeline: Timeline, seed: int) -> Split:
    """Ask a protocol for its cut and check it: each role has users with a query row.

    The protocol reads a copy of the timeline, and its cut is copied: what it writes later changes no split. Raises DataError,
    and PluginError for what else the protocol raises."""
    user_ptr = np.asarray(timeline.user_ptr)
    found = _asked(protocol, _handed(timeline), seed)
    if wrong := _wrong(found, protocol):
        raise PluginError(f"protocol {protocol.name!r}: {wrong}")
    cut = _copied(found)
    _check_form(protocol.name, cut, user_ptr)
    split = Split(user_ptr, cut.role, cut.cut, protocol.setting, protocol.id_dropout, cut.train_cut)
    _check_roles(protocol.name, split)
    return split


def _asked(protocol: SplitProtocol, timeline: Timeline, seed: int) -> Cut:
    try:
        return protocol.split(timeline, seed)
    except BenchError:
        raise
    except BaseException as error:  # a stranger's code may raise anything, or exit
        if by_the_user(error):
            raise
        raise PluginError(
            f"protocol {protocol.name!r}: split raised {type(error).__name__}: {error}"
        ) from error


def _wrong(cut: object, protocol: SplitProtocol) -> str:
    """What is none of a protocol's contract; nothing where all is."""
    if not isinstance(cut, Cut):
        return f"split gave {type(cut).__name__}; give a bench.interfaces.Cut"
    for name, values in cut._asdict().items():
        if values is None and name == "train_cut":
            continue
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
            kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
            return f"split gave {name} that is {kind}; give a numpy array of whole numbers"
    if protocol.setting not in ("warm", "cold"):
        return f"setting is {protocol.setting!r}; it is warm or cold"
    chance: object = protocol.id_dropout
    if not isinstance(chance, int | float) or not 0 <= chance <= 1:
        return f"id_dropout is {chance!r}; it is a chance, from 0 to 1"
    return ""


def _handed(timeline: Timeline) -> Timeline:
    def copy(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else read_only(values)

    order, role, part = timeline.order, timeline.given_role, timeline.given_part
    return Timeline(read_only(timeline.user_ptr), copy(order), copy(role), copy(part))


def _copied(cut: Cut) -> Cut:
    train_cut = None if cut.train_cut is None else cut.train_cut.copy()
    return Cut(cut.role.copy(), cut.cut.copy(), train_cut)


def _check_form(name: str, cut: Cut, user_ptr: np.ndarray) -> None:
    users = len(user_ptr) - 1
    cuts = {"cut": cut.cut} | ({} if cut.train_cut is None else {"train_cut": cut.train_cut})
    if cut.role.shape != (users,) or any(one.shape != (users,) for one in cuts.values()):
        raise DataError(
            f"protocol {name!r}: role and cut must have one entry for each of {users} users"
        )
    if any((one < user_ptr[:-1]).any() or (one > user_ptr[1:]).any() for one in cuts.values()):
        raise DataError(f"protocol {name!r}: a user's cut lies outside of the user's own rows")
    if cut.train_cut is not None and (cut.train_cut > cut.cut).any():
        raise DataError(f"protocol {name!r}: a user's train_cut lies behind the user's cut")
    if cut.train_cut is not None and (cut.role > 1).any():
        raise DataError(
            f"protocol {name!r}: with train_cut a user's role is train or valid; all are tested"
        )


def _check_roles(name: str, split: Split) -> None:
    for role in ROLES:
        if not len(split.users(role)):
            of_role = split.in_blocks or int((split.role == ROLES.index(role)).sum())
            raise DataError(
                f"protocol {name!r}: no {'query rows' if of_role else 'users'} left to {_VERBS[role]} "
                f"among {len(split.role)} users; give that role a larger share or lower min_rows_per_user"
            )


def _ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """start[0] .. stop[0] - 1, start[1] .. and so on, end to end."""
    start, stop = start[start < stop], stop[start < stop]
    steps = np.ones(int((stop - start).sum()), dtype=np.int64)
    if len(start):
        steps[0] = start[0]
        steps[np.cumsum(stop - start)[:-1]] = start[1:] - stop[:-1] + 1
    return np.cumsum(steps, out=steps)


_VERBS = {"train": "train on", "valid": "validate on", "test": "test on"}
