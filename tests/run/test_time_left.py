"""The time left: estimates, and what steps that are done took beside their CPU time."""

from __future__ import annotations

from typing import Any

import pytest

from bench.run import Watcher
from bench.run.time_left import TimeLeft
from bench.run.timing import Estimate


class Known:
    """Estimates by the name of a step; one that is done took what `took` says."""

    def __init__(self, took: dict[str, float], **estimates: Estimate) -> None:
        self.took, self.estimates = took, estimates

    def of(self, step: str) -> Estimate | None:
        return self.estimates.get(step)

    def learn(self, step: str) -> float | None:
        return self.took.get(step)


class Told(Watcher):
    def __init__(self) -> None:
        self.left_of_all: list[tuple[float, bool, int]] = []
        self.titles: list[str] = []
        self.left_at_ends: list[float] = []

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        self.left_of_all.append((seconds, rough, unknown))

    def ended(self, step: str, title: str, failure: str) -> None:
        self.titles.append(title)
        self.left_at_ends.append(self.left_of_all[-1][0])


def watched(
    known: Any, steps: str, workers: int = 1, needs: dict[str, str] | None = None
) -> tuple[TimeLeft, Told, list[float]]:
    told, clock = Told(), [0.0]
    every = dict.fromkeys(steps, ()) | (needs or {})
    return TimeLeft(told, known, every, lambda: workers, now=lambda: clock[0]), told, clock


def test_each_end_tells_what_is_left_and_hands_on() -> None:
    known = Known({"a": 4.0}, a=Estimate(5.0, False), b=Estimate(10.0, True), c=Estimate(2, False))
    time_left, told, clock = watched(known, "abc")
    time_left.planned(3, 3, 0)
    time_left.started("a", "A")
    clock[0] = 4.5  # half a second beside its CPU time, which the two others will take too
    time_left.ended("a", "A", "")
    time_left.ended("b", "B", "failed")
    assert told.left_of_all == [(17.0, True, 0), (13.0, True, 0), (2.5, False, 0)]
    assert told.titles == ["A", "B"]


def test_workers_share_the_time() -> None:
    five = {step: Estimate(5, False) for step in "abc"}
    time_left, told, _ = watched(Known({}, **five), "abc", 2)
    time_left.planned(3, 3, 0)
    assert told.left_of_all == [(7.5, False, 0)]


def test_no_less_is_left_than_the_longest_step_takes() -> None:
    time_left, told, _ = watched(Known({}, a=Estimate(5, False), b=Estimate(10, False)), "ab", 3)
    time_left.planned(2, 2, 0)
    assert told.left_of_all == [(10.0, False, 0)]


def test_of_a_step_that_runs_beside_the_one_that_ended_the_rest_is_left() -> None:
    known = Known({"a": 4.0}, a=Estimate(4.0, False), b=Estimate(10.0, False))
    time_left, told, clock = watched(known, "ab", 2)
    time_left.started("a", "A")
    time_left.started("b", "B")
    clock[0] = 4.0
    time_left.ended("a", "A", "")
    assert told.left_of_all == [(6.0, False, 0)]
    clock[0] = 12.0  # longer than was thought
    time_left.ended("b", "B", "")
    assert told.left_of_all[-1] == (0.0, False, 0)


def test_the_end_of_a_step_is_told_with_what_is_left_after_it() -> None:
    known = Known({"a": 5.0, "b": 7.0}, a=Estimate(5.0, False), b=Estimate(7.0, False))
    time_left, told, _ = watched(known, "ab")
    time_left.planned(2, 2, 0)
    time_left.ended("a", "A", "")
    time_left.ended("b", "B", "")
    assert told.left_at_ends == [7.0, 0.0]


def test_what_a_failed_step_keeps_from_beginning_takes_no_time() -> None:
    known = Known({}, **{step: Estimate(5.0, False) for step in "abcd"})
    time_left, told, _ = watched(known, "abcd", needs={"b": "a", "c": "b"})
    time_left.ended("a", "A", "out of luck")
    assert told.left_of_all == [(5.0, False, 0)]  # d alone


def test_what_was_never_timed_is_counted_and_nothing_known_is_not_told() -> None:
    time_left, told, _ = watched(Known({}, a=Estimate(5.0, False)), "abc")
    time_left.planned(3, 3, 0)
    assert told.left_of_all == [(5.0, False, 2)]
    time_left.ended("a", "A", "")
    assert told.left_of_all[1:] == [(0.0, False, 2)]
    nothing, told, _ = watched(Known({}), "abc")
    nothing.planned(3, 3, 0)
    assert told.left_of_all == []


@pytest.mark.parametrize("failure", ["", "out of luck"])
def test_after_the_last_step_nothing_is_left(failure: str) -> None:
    time_left, told, _ = watched(Known({"a": 1.0}, a=Estimate(5.0, False)), "a")
    time_left.ended("a", "A", failure)
    assert told.left_of_all == [(0.0, False, 0)]
