"""A division of rows: whose each row is, and which divisions are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from bench.data.split import ROLES, divide
from bench.errors import DataError
from bench.interfaces import Cut, PluginParams, SplitProtocol, Timeline
from tests.data.rows_oracle import described, splits

SLOTS = [(role, part) for role in ROLES for part in ("support", "query")]


class Given(SplitProtocol):
    """Hands back what it is told to."""

    name = "given"
    kind = "user-holdout"
    setting = "warm"

    def __init__(self, role, cut):
        super().__init__(PluginParams())
        self.answer = Cut(np.array(role, np.uint8), np.array(cut))

    def split(self, timeline, seed):
        return self.answer


PTR = np.array([0, 3, 6, 9])


@settings(deadline=None, max_examples=80)
@given(splits())
def test_each_slot_has_the_rows_of_its_users(split):
    for role, part in SLOTS:
        expected = [
            r.row for r in described(split) if r.role == "TVE"[ROLES.index(role)] and r.query == (part == "query")
        ]
        assert split.rows(role, part).tolist() == expected


@settings(deadline=None, max_examples=80)
@given(splits())
def test_the_slots_share_no_row_and_leave_none_out(split):
    rows = np.concatenate([split.rows(role, part) for role, part in SLOTS])
    assert sorted(rows.tolist()) == list(range(split.user_ptr[-1]))


@settings(deadline=None, max_examples=80)
@given(splits())
def test_pointers_delimit_each_user_s_rows_even_where_there_are_none(split):
    owner = np.repeat(np.arange(len(split.role)), np.diff(split.user_ptr))
    for role, part in SLOTS:
        rows, ptr = split.rows(role, part), split.pointer(role, part)
        users = np.flatnonzero(split.role == ROLES.index(role))
        assert len(ptr) == len(users) + 1
        assert ptr[-1] == len(rows)
        for position, user in enumerate(users):
            assert rows[ptr[position] : ptr[position + 1]].tolist() == [
                row for row in rows.tolist() if owner[row] == user
            ]


def test_a_split_is_what_the_protocol_said():
    split = divide(Given([0, 1, 2], [2, 5, 8]), Timeline(PTR, None), 0)
    assert split.rows("test", "query").tolist() == [8]
    assert split.setting == "warm"
    assert not split.hides_users


@pytest.mark.parametrize(
    ("role", "cut", "reason"),
    [
        ([0, 1], [2, 5], "role and cut must have one entry for each of 3 users"),
        ([0, 1, 2], [2, 5], "role and cut must have one entry for each of 3 users"),
        ([0, 1, 2], [2, 2, 8], "a user's cut lies outside of the user's own rows"),
        ([0, 1, 2], [4, 5, 8], "a user's cut lies outside of the user's own rows"),
        ([1, 1, 2], [2, 5, 8], "no users left to train on among 3 users"),
        ([0, 2, 2], [2, 5, 8], "no users left to validate on"),
        ([0, 1, 1], [2, 5, 8], "no users left to test on"),
        ([0, 1, 2], [3, 5, 8], "no query rows left to train on"),
        ([0, 1, 2], [2, 5, 9], "no query rows left to test on"),
    ],
)
def test_a_division_that_can_not_be_worked_with_is_refused(role, cut, reason):
    with pytest.raises(DataError, match=f"^protocol 'given': {reason}"):
        divide(Given(role, cut), Timeline(PTR, None), 0)
