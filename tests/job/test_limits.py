"""Times and memories as text."""

from __future__ import annotations

import pytest

from bench.job.limits import parse_memory, parse_time, shown_memory, shown_time
from bench.job.step_rules import LimitKeys, StepRules, wider
from bench.processes import Limits


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [
        ("20m", 1200, "20 min"),
        ("90s", 90, "1 min 30 s"),
        ("1h30m", 5400, "1 h 30 min"),
        ("1h 30m", 5400, "1 h 30 min"),
        ("0.5s", 0.5, "0.5 s"),
        ("2d", 172_800, "48 h"),
    ],
)
def test_a_time(text, seconds, shown):
    assert parse_time(text) == seconds
    assert shown_time(seconds) == shown


@pytest.mark.parametrize(
    ("text", "size", "shown"),
    [
        ("4GiB", 4 * 2**30, "4 GiB"),
        ("500MB", 500_000_000, "477 MiB"),
        ("1.5 GiB", 3 * 2**29, "1.5 GiB"),
        ("2TB", 2 * 10**12, "1,863 GiB"),
    ],
)
def test_a_memory(text, size, shown):
    assert parse_memory(text) == size
    assert shown_memory(size) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (20, "20 has no unit; write 20s, 20m or 20h"),
        ("20", "'20' has no unit; write 20s, 20m or 20h"),
        (1.5, "1.5 has no unit; write 1.5s, 1.5m or 1.5h"),
        ("-5m", "'-5m' is no time; write 90s, 20m or 1h30m"),
        ("", "'' is no time; write 90s, 20m or 1h30m"),
        ("10:30", "'10:30' is no time; write 90s, 20m or 1h30m"),
        (True, "True is no time; write 90s, 20m or 1h30m"),
        ("0s", "'0s' is too short for any step; give at least 0.1s"),
        ("9" * 400 + "h", "is more than a year; leave the limit out"),
    ],
)
def test_what_is_no_time(text, said):
    with pytest.raises(ValueError) as caught:
        parse_time(text)
    assert str(caught.value).endswith(said)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (4, "4 has no unit; write 4MiB, 4GiB or 4GB"),
        ("4G", "'4G' is no amount of memory; write 500MB, 4GiB or 1.5GiB"),
        ("-4GiB", "'-4GiB' is no amount of memory; write 500MB, 4GiB or 1.5GiB"),
        (["4GiB"], "['4GiB'] is no amount of memory; write 500MB, 4GiB or 1.5GiB"),
        ("0GiB", "'0GiB' is too little for any step; give at least 64 MiB"),
        ("9" * 400 + "TiB", "is more than any machine has; leave the limit out"),
    ],
)
def test_what_is_no_memory(text, said):
    with pytest.raises(ValueError) as caught:
        parse_memory(text)
    assert str(caught.value).endswith(said)


def test_rules_are_overridden_key_by_key():
    suite = StepRules(limits=LimitKeys(time="20m", memory="4GiB"), timing="shared")
    own = StepRules(limits=LimitKeys(memory=None), timing="exclusive")
    assert suite.overridden(own).in_force == Limits(1200, None)
    assert suite.overridden(own).exclusive
    assert suite.overridden(StepRules()) == suite


def test_the_wider_of_two_limits_keeps_both():
    assert wider(Limits(1, 5), Limits(2, 4)) == Limits(2, 5)
    assert wider(Limits(1, 5), Limits(None, None)) == Limits(None, None)
