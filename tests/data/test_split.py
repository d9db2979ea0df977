"""A division of rows: whose each row is, and which divisions are refused."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings

from bench.data.splits.split import ROLES, divide
from bench.errors import DataError, PluginError
from bench.interfaces import Cut, PluginParams, SplitProtocol, Timeline
from tests.data.rows_oracle import slots, splits

SLOTS = [(role, part) for role in ROLES for part in ("support", "query")]


class Told(SplitProtocol):
    """Hands back what it is told to."""

    name = "told"
    kind = "user-holdout"
    setting = "warm"

    def __init__(self, role, cut, train_cut=None):
        super().__init__(PluginParams())
        self.answer = Cut(
            np.array(role, np.uint8),
            np.array(cut),
            None if train_cut is None else np.array(train_cut),
        )

    def split(self, timeline, seed):
        return self.answer


PTR = np.array([0, 3, 6, 9])


ROLE, CUT = np.array([0, 1, 2], np.uint8), np.array([1, 4, 7])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((ROLE, CUT), "split gave tuple; give a bench.interfaces.Cut"),
        (None, "split gave NoneType"),
        (Cut(ROLE.tolist(), CUT), "split gave role that is list; give a numpy array of whole"),
        (Cut(ROLE, CUT / 1.0), "split gave cut that is float64"),
        (Cut(ROLE, CUT, "none"), "split gave train_cut that is str"),
    ],
)
def test_what_is_no_cut_is_named(answer, said):
    protocol = Told([0, 1, 2], [1, 4, 7])
    protocol.answer = answer
    with pytest.raises(PluginError, match=re.escape(f"protocol 'told': {said}")):
        divide(protocol, Timeline(PTR, None), 0)


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("setting", "frozen", "setting is 'frozen'; it is warm or cold"),
        ("id_dropout", 2.0, "id_dropout is 2.0; it is a chance, from 0 to 1"),
        ("id_dropout", "0.1", "id_dropout is '0.1'"),
    ],
)
def test_what_is_no_setting_is_named(attribute, value, said):
    protocol = type("Odd", (Told,), {attribute: value})([0, 1, 2], [1, 4, 7])
    with pytest.raises(PluginError, match=re.escape(f"protocol 'told': {said}")):
        divide(protocol, Timeline(PTR, None), 0)


@settings(max_examples=120)
@given(splits())
def test_each_slot_has_the_rows_of_its_users_and_pointers_delimit_them(split):
    table = list(slots(split))
    for role, part in SLOTS:
        letter = "TVE"[ROLES.index(role)]
        of_user = {row.user: [] for row, who, _ in table if who == letter}
        for row, who, what in table:
            if (who, what) == (letter, part):
                of_user[row.user].append(row.row)
        rows, ptr = split.rows(role, part), split.pointer(role, part)
        assert split.users(role).tolist() == sorted(of_user)
        assert [rows[start:stop].tolist() for start, stop in itertools.pairwise(ptr)] == list(
            of_user.values()
        )


@settings(max_examples=80)
@given(splits())
def test_no_row_is_support_and_query_of_one_role(split):
    for role in ROLES:
        assert not set(split.rows(role, "support").tolist()) & set(
            split.rows(role, "query").tolist()
        )


def test_a_split_is_what_the_protocol_said():
    split = divide(Told([0, 1, 2], [2, 5, 8]), Timeline(PTR, None), 0)
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
    with pytest.raises(DataError, match=f"^protocol 'told': {reason}"):
        divide(Told(role, cut), Timeline(PTR, None), 0)


@pytest.mark.parametrize(
    ("role", "train_cut", "reason"),
    [
        ([0, 1, 0], [1, 3], "role and cut must have one entry"),
        ([0, 1, 0], [3, 4, 7], "a user's train_cut lies behind the user's cut"),
        ([0, 1, 2], [1, 4, 7], "with train_cut a user's role is train or valid; all are tested"),
        ([0, 1, 0], [1, 5, 7], "no query rows left to validate on"),
    ],
)
def test_blocks_that_can_not_be_worked_with_are_refused(role, train_cut, reason):
    with pytest.raises(DataError, match=f"^protocol 'told': {reason}"):
        divide(Told(role, [2, 5, 8], train_cut), Timeline(PTR, None), 0)
