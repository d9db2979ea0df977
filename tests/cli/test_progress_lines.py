"""What is said of a run as it goes where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer

import pytest

from bench.cli._progress_lines import Lines


class Clock:
    """Timers that ring when a test says so."""

    def __init__(self) -> None:
        self.set: list[FakeTimer] = []

    def __call__(self, seconds: float, then: Callable[[], None]) -> Timer:
        self.set.append(FakeTimer(seconds, then))
        return self.set[-1]

    def ring(self) -> None:
        """All that are set and not cancelled."""
        for timer in self.set:
            if not timer.finished.is_set():
                timer.then()


class FakeTimer(Timer):
    def __init__(self, seconds: float, then: Callable[[], None]) -> None:
        super().__init__(seconds, then)
        self.then = then

    def start(self) -> None:
        """Nothing runs beside a test."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> Lines:
    return Lines(clock)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_the_end_of_a_step_is_told_with_the_time_that_is_left(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.planned(3, 3, 0)
    lines.left(200.0, rough=False, unknown=0)
    lines.ended("a", "ml/cold fm, seed 0", "")
    lines.left(90.0, rough=False, unknown=0)
    lines.ended("b", "ml/cold lr, seed 0", "out of luck")
    lines.left(0.0, rough=False, unknown=0)
    lines.ended("c", "ml/cold ffm, seed 0", "")
    assert said(capsys) == [
        "3 trials: 3 to run, in 3 steps",
        "[1/3] ml/cold fm, seed 0: done (about 3 min left)",
        "[2/3] ml/cold lr, seed 0: failed: out of luck",
        "[3/3] ml/cold ffm, seed 0: done",
    ]


def test_a_step_that_takes_long_is_named_while_it_runs(
    lines: Lines, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.planned(2, 2, 0)
    lines.started("a", "ml/cold fm, seed 0")
    lines.started("b", "ml/cold metaselector, seed 0")
    lines.progress("b", "epoch 1/2, validation log loss 0.6")
    assert [timer.interval for timer in clock.set] == [10.0, 10.0]
    clock.ring()
    assert said(capsys)[1:] == [
        "running: ml/cold fm, seed 0",
        "running: ml/cold metaselector, seed 0, epoch 1/2, validation log loss 0.6",
    ]


def test_a_short_step_has_one_line(
    lines: Lines, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.planned(1, 1, 0)
    lines.started("a", "ml/cold fm, seed 0")
    lines.ended("a", "ml/cold fm, seed 0", "")
    clock.ring()
    clock.set[0].then()  # one that rang while the step ended
    assert said(capsys)[1:] == ["[1/1] ml/cold fm, seed 0: done"]


def test_a_step_that_is_begun_again_is_named_once(
    lines: Lines, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.started("a", "ml/cold fm, seed 0")
    lines.started("a", "ml/cold fm, seed 0")
    clock.ring()
    assert said(capsys) == ["running: ml/cold fm, seed 0"]


def test_nothing_is_said_once_the_run_is_over(
    lines: Lines, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with lines:
        lines.started("a", "ml/cold fm, seed 0")
    clock.ring()
    clock.set[0].then()
    assert said(capsys) == []
