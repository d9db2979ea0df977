"""What a run has told, summed up; and all of it is handed on."""

from __future__ import annotations

from typing import Any

import pytest

from bench.run import Tally, Watcher


class Told(Watcher):
    """Every method's arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattribute__(self, name: str) -> Any:
        if name in ("calls", "__class__") or name.startswith("_"):
            return super().__getattribute__(name)
        return lambda *given, **named: self.calls.append((name, *given, *named.values()))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_where_a_run_stands_is_what_it_told(clock: Clock) -> None:
    tally = Tally(now=clock)
    tally.planned(4, 5, 2)
    tally.left(60.0, rough=True, unknown=1)
    tally.started("a", "ml/cold fm, seed 0")
    tally.started("b", "ml/cold lr, seed 0")
    clock.now += 10
    tally.progress("a", "epoch 1/2")
    tally.memory("a", 2**20)
    tally.memory("gone", 2**20)
    tally.progress("gone", "epoch 1/2")
    tally.ended("b", "ml/cold lr, seed 0", "out of luck")
    tally.ended("of another run", "ml/cold ffm, seed 0", "")
    tally.recorded("ml/cold lr, seed 0", "error")
    clock.now += 20
    now = tally.now()
    assert (now.steps, now.ended, now.failed) == (4, 2, 1)
    assert (now.trials, now.recorded) == (7, 3)
    assert (now.seconds, now.quiet_s) == (30.0, 20.0)
    assert now.left is not None
    assert now.left.model_dump() == {"seconds": 30.0, "rough": True, "unknown": 1}
    assert [one.model_dump() for one in now.running] == [
        {
            "title": "ml/cold fm, seed 0",
            "said": "epoch 1/2",
            "memory_bytes": 2**20,
            "seconds": 30.0,
            "quiet_s": 20.0,
        }
    ]
    assert [one.reason for one in now.last_failures] == ["out of luck"]


def test_what_another_run_recorded_counts_once(clock: Clock) -> None:
    tally = Tally(now=clock)
    tally.planned(4, 5, 2)
    tally.recorded("ml/cold lr, seed 0", "ok")
    tally.recorded_by_any({"ml/cold lr, seed 0", "ml/cold fm, seed 0"})
    assert tally.now().recorded == 4
    tally.recorded("ml/cold fm, seed 0", "ok")
    tally.recorded("ml/cold ffm, seed 0", "ok")
    assert tally.now().recorded == 5


def test_of_many_failures_the_last_are_kept_and_all_are_counted() -> None:
    tally = Tally()
    for number in range(10):
        tally.ended(str(number), "t" * 5000, f"{number}" + "r" * 5000)
    now = tally.now()
    assert now.failed == 10
    assert [one.reason[0] for one in now.last_failures] == ["7", "8", "9"]


def test_names_and_words_of_any_length_are_kept_short_enough_to_be_read_back() -> None:
    tally = Tally()
    tally.started("a", "\ud800" + "t" * 10_000)
    tally.progress("a", "p" * 10**6)
    (running,) = tally.now().running
    assert running.title.startswith(r"\ud800ttt")
    assert max(len(running.title), len(running.said)) <= 1000


def test_what_it_is_told_is_handed_on() -> None:
    told = Told()
    tally = Tally(told)
    tally.say("line")
    tally.planned(1, 2, 3)
    tally.left(4.0, rough=False, unknown=5)
    tally.started("s", "title")
    tally.progress("s", "text")
    tally.memory("s", 6)
    tally.ended("s", "title", "failure")
    tally.recorded("trial", "ok")
    methods = {name for name in vars(Watcher) if not name.startswith("_")}
    assert {name for name, *_ in told.calls} == methods
    assert told.calls == [
        ("say", "line"),
        ("planned", 1, 2, 3),
        ("left", 4.0, False, 5),
        ("started", "s", "title"),
        ("progress", "s", "text"),
        ("memory", "s", 6),
        ("ended", "s", "title", "failure"),
        ("recorded", "trial", "ok"),
    ]
