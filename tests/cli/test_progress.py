"""What is said of a run as it goes, on one line of the terminal each."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.cli._plan_words import planned_in_words, time_left
from bench.cli._progress import Bars, View
from bench.cli._progress_view import shortened


@pytest.mark.parametrize(
    ("steps", "trials", "reused", "words"),
    [
        (12, 6, 0, "6 trials: 6 to run, in 12 steps"),
        (1, 1, 0, "1 trial: 1 to run, in 1 step"),
        (2, 3, 7, "10 trials: 7 recorded already, 3 to run, in 2 steps"),
        (0, 6, 0, "6 trials: 6 to score; all steps are in the cache"),
        (0, 2, 4, "6 trials: 4 recorded already, 2 to score; all steps are in the cache"),
        (0, 0, 6, "6 trials: recorded already; nothing is left to run"),
    ],
)
def test_what_a_run_is_about_to_do(steps: int, trials: int, reused: int, words: str) -> None:
    assert planned_in_words(steps, trials, reused) == words


@pytest.mark.parametrize(
    ("seconds", "rough", "unknown", "words"),
    [
        (200.0, False, 0, "about 3 min left"),
        (200.0, True, 0, "~3 min left"),
        (30.0, False, 2, "about 30 s left and 2 steps never timed"),
        (0.0, False, 0, ""),
        (0.0, False, 1, "1 step never timed"),
    ],
)
def test_the_time_left_in_words(seconds: float, rough: bool, unknown: int, words: str) -> None:
    assert time_left(seconds, rough=rough, unknown=unknown) == words


TITLES = (
    "ml/cold fm, fold 2 of 5, seed 0",
    "movielens-100k/cold a-very-long-name-of-a-factorization-machine, all training rows, seed 12",
    "資料集/cold 模型比較法一二三四五六七模型比較法一二三四五六七, fold 2 of 5, seed 0",
)
EPOCH = "epoch 12/100, validation log loss 0.5512, 81,234 rows/s"
MIB = 2**20


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal:
    """What is shown of a run in a terminal of that size, and a clock that a test moves."""

    def __init__(self, width: int, height: int = 24) -> None:
        self.clock = Clock()
        self.console = Console(
            width=width, height=height, force_terminal=True, color_system=None, record=True
        )
        self.bars = Bars(self.console, self.clock)

    def lines(self) -> list[str]:
        """At the end of the terminal, now."""
        with self.console.capture() as captured:
            self.console.print(View(self.bars.now))
        return captured.get().splitlines()

    def kept(self) -> str:
        """What was said for good."""
        return self.console.export_text()


@pytest.mark.parametrize("width", [12, 20, 60, 80, 120])
@pytest.mark.parametrize("title", TITLES)
def test_a_name_that_is_shortened_keeps_its_end(title: str, width: int) -> None:
    name = shortened(title, width)
    assert cell_len(name) <= width
    assert name == title or "…" in name
    assert title.endswith(name.rpartition("…")[2])


def test_a_name_loses_the_dataset_first_and_never_the_model_or_the_seed() -> None:
    assert shortened(TITLES[0], 31) == TITLES[0]
    assert shortened(TITLES[0], 30) == "…fm, fold 2 of 5, seed 0"
    title = "ml/cold deepfm, all training rows, seed 12"
    assert shortened(title, 26) == "…deepfm, all…rows, seed 12"


@pytest.mark.fault(35)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_of_a_terminal_are_no_wider_than_it_is(width: int) -> None:
    terminal = Terminal(width)
    terminal.bars.planned(40, 20, 0)
    for number, title in enumerate(TITLES):
        terminal.bars.started(str(number), title)
        terminal.bars.progress(str(number), EPOCH)
        terminal.bars.memory(str(number), 412 * MIB)
    terminal.bars.left(600.0, rough=True, unknown=12)
    terminal.bars.ended("0", TITLES[1], "RuntimeError: " + "it went wrong, and so on " * 20)
    overall, failed, _, *running = terminal.lines()
    assert overall.startswith("1 of 40 steps ")
    assert "~10 min left and 12 steps" in overall
    assert failed.startswith("1 step failed; last: movielens-100k"[:width])
    assert len(running) == 2
    assert all("12/100" in line for line in running)
    assert max(map(cell_len, terminal.lines())) <= width


def test_a_line_says_what_a_step_does_and_takes() -> None:
    terminal = Terminal(80)
    terminal.bars.planned(40, 20, 0)
    terminal.bars.started("a", TITLES[0])
    terminal.bars.progress("a", EPOCH)
    terminal.bars.memory("a", 412 * MIB)
    terminal.bars.started("b", "ml/cold gating, seed 0")
    terminal.bars.progress("b", "gating epoch 7/20, validation log loss 0.6012")
    terminal.bars.started("c", "ml/cold maml, seed 0")
    terminal.bars.progress("c", "begun again, alone: its process was killed from outside (SIGKILL)")
    terminal.clock.now = 34.0
    assert terminal.lines() == [
        "0 of 40 steps                      34 s",
        "running                               epoch  valid loss  rows/s     memory  time",
        "  …fm, fold 2 of 5, seed 0           12/100      0.5512     81k  412.0 MiB  34 s",
        "  ml/cold gating, seed 0        gating 7/20      0.6012                     34 s",
        "  ml/cold maml, seed 0          begun again, alone: its proces…             34 s",
    ]


def test_in_a_narrow_terminal_memory_and_throughput_give_way() -> None:
    terminal = Terminal(40)
    terminal.bars.planned(40, 20, 0)
    terminal.bars.started("a", TITLES[0])
    terminal.bars.progress("a", EPOCH)
    terminal.bars.memory("a", 412 * MIB)
    assert terminal.lines() == [
        "0 of 40 steps                      1 s",
        "running          epoch  valid loss  time",
        "  …fm, …seed 0  12/100      0.5512   1 s",
    ]


@pytest.mark.parametrize(("workers", "more"), [(7, ""), (8, "and 2 more"), (18, "and 12 more")])
def test_many_workers_have_as_many_lines_as_fit(workers: int, more: str) -> None:
    terminal = Terminal(80, height=10)
    terminal.bars.planned(40, 20, 0)
    for number in range(workers):
        terminal.bars.started(str(number), f"ml/cold fm, seed {number}")
    lines = terminal.lines()
    assert len(lines) <= 9, "the last line is the cursor's"
    assert lines[2].startswith("  ml/cold fm, seed 0 "), "the longest running first"
    assert (lines[-1] if more else "") == more
    shown = sum("ml/cold fm" in line for line in lines)
    assert f"and {workers - shown} more" == (more or "and 0 more")


def test_what_failed_stays_in_sight_on_one_line() -> None:
    terminal = Terminal(80)
    terminal.bars.planned(3, 3, 0)
    for step, reason in (("a", "ValueError: once"), ("b", "RuntimeError: the fit\nwent wrong")):
        terminal.bars.started(step, f"ml/cold {step}, seed 0")
        terminal.bars.ended(step, f"ml/cold {step}, seed 0", reason)
    assert terminal.lines()[1:] == [
        "2 steps failed; last: ml/cold b, seed 0: RuntimeError: the fit went wrong"
    ]
    assert "ml/cold a, seed 0: failed: ValueError: once" in terminal.kept()


def test_hostile_titles_and_words_are_shown_and_do_nothing() -> None:
    terminal = Terminal(120)
    terminal.bars.planned(3, 3, 0)
    terminal.bars.started("a", "ml/cold [red]fm[/red]\x1b[2J\u202e\n, seed 0")
    terminal.bars.progress("a", "[bold]\x1b]0;title\x07 hello\r\n\n")
    terminal.bars.started("b", "x" * 10_000)
    terminal.bars.ended("c", "[link=x]c[/link]\x1b[1A", "[/]\x1b[31mred")
    lines = terminal.lines()
    assert len(lines) == 5
    assert lines[1] == r"1 step failed; last: [link=x]c[/link]\x1b[1A: [/]\x1b[31mred"
    assert r"ml/cold [red]fm[/red]\x1b[2J\u202e , seed 0" in lines[3]
    assert r"[bold]\x1b]0;titl" in lines[3]
    assert "\x1b" not in terminal.kept().replace(r"\x1b", "")
    assert max(map(cell_len, lines)) <= 120


def test_nothing_is_shown_of_a_run_before_it_is_planned_or_without_a_step() -> None:
    terminal = Terminal(80)
    assert terminal.lines() == []
    terminal.bars.planned(0, 6, 0)
    assert terminal.lines() == []
