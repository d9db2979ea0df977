"""Which entries of the joint index a user's rows touch: found once a fit, then narrowed down to the rows of a chunk.

To one user, the same entry has a number in each of three spaces:

    joint   among all entries of the dataset: a row of a whole table (J, width)
    own     among the entries that any row of the user touches, ascending
    local   among those that the user's rows in this chunk touch, ascending: a row of the small table (R, width) that is
            gathered for the user

Of a user whose rows touch the joint entries 7, 40 and 95, and in this chunk 40 and 95 alone, entry 95 has the own number 2
and the local number 1."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bench.data.paged import new_array

__all__ = ["ChunkEntries", "OwnEntries", "entries_of_chunk"]


class OwnEntries(NamedTuple):
    """Every user's own entries: number i of user u is the joint entry joint[ptr[u] + i]."""

    ptr: np.ndarray  # (users + 1,) int64
    joint: np.ndarray  # int32
    of_row: np.ndarray  # (n, E) int32: the own numbers of each row's entries

    @classmethod
    def of(cls, joint_of_row: np.ndarray, user_ptr: np.ndarray) -> OwnEntries:
        """`joint_of_row` (n, E): the joint entries of each row; user u's rows are [user_ptr[u], user_ptr[u + 1])."""
        own_of_row = new_array(joint_of_row.shape, np.int32)
        joint_of_users = new_array(joint_of_row.size, np.int32)  # room for no entry twice
        ptr = np.zeros(len(user_ptr), np.int64)
        for user, (start, stop) in enumerate(pairwise(user_ptr)):
            rows = joint_of_row[start:stop]
            joint, own = np.unique(rows, return_inverse=True)
            own_of_row[start:stop] = own.reshape(rows.shape)
            ptr[user + 1] = ptr[user] + len(joint)
            joint_of_users[ptr[user] : ptr[user + 1]] = joint
        return cls(ptr, joint_of_users[: ptr[-1]], own_of_row)


class ChunkEntries(NamedTuple):
    """What the rows of a chunk of U users touch, n padded rows and R local entries a user."""

    joint: np.ndarray  # (U, R) int64: of each local entry
    # (U, n, E) int64: of each row's entries, user * R + local, as all users' small tables lie end to end (U * R, width);
    # user is the place in the chunk; of a padded row, user * R
    of_row: np.ndarray


def entries_of_chunk(
    own: OwnEntries, users: np.ndarray, rows: np.ndarray, present: np.ndarray
) -> ChunkEntries:
    """Of the users (U,), their rows (U, n) of the task data, which count where `present` (U, n)."""
    is_row = present[:, :, None]  # (U, n, 1)
    # A padded row may be another user's, whose own numbers mean nothing here.
    own_of_row = np.where(is_row, own.of_row[rows], 0)  # (U, n, E)
    touched = _touched(own, users, own_of_row, present)  # (U, O)
    joint = _joint_of_local(own, users, touched)  # (U, R)

    local_of_own = np.cumsum(touched, axis=1) - 1  # (U, O), right where touched
    place = np.arange(len(users))[:, None, None]  # of each user in the chunk
    local_of_row = np.where(is_row, local_of_own[place, own_of_row], 0)  # (U, n, E)
    return ChunkEntries(joint, place * joint.shape[1] + local_of_row)


def _touched(
    own: OwnEntries, users: np.ndarray, own_of_row: np.ndarray, present: np.ndarray
) -> np.ndarray:
    """(U, O) bool: whether a row that is present touches each own entry; O is the most that one of the users has."""
    most = int(np.diff(own.ptr)[users].max(initial=1))
    touched = np.zeros((len(users), most), dtype=bool)
    # each entry's user
    place = np.broadcast_to(np.arange(len(users))[:, None, None], own_of_row.shape)
    touched[place[present], own_of_row[present]] = True
    return touched


def _joint_of_local(own: OwnEntries, users: np.ndarray, touched: np.ndarray) -> np.ndarray:
    """(U, R) int64: the joint entry of each local one. Padded with the user's first, or 0 where a user touches nothing."""
    counts = touched.sum(axis=1)  # (U,)
    filled = np.arange(max(1, int(counts.max(initial=0)))) < counts[:, None]  # (U, R)
    # user by user, ascending: a mask like `filled` is filled in that order
    place, own_number = np.nonzero(touched)
    joint = np.zeros(filled.shape, dtype=np.int64)
    joint[filled] = own.joint[own.ptr[users[place]] + own_number]
    return np.where(filled, joint, joint[:, :1])
