"""What is said of a run as it goes, on one line of the terminal each."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress

from bench.cli._plan_words import planned_in_words, time_left
from bench.cli._progress import Bars, _Line, fitted


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


FIGURES = "epoch 12/100, validation log loss 0.5512, 34 s"
TITLES = (
    "  ml/cold fm, fold 2 of 5, seed 0",
    "  movielens-100k/cold a-very-long-name-of-a-factorization-machine, all training rows, seed 12",
    "  資料集/cold 模型比較法一二三四五六七模型比較法一二三四五六七, fold 2 of 5, seed 0",
)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("title", TITLES)
def test_a_name_is_shortened_and_no_figure(title: str, width: int) -> None:
    line = fitted(title, FIGURES, width)
    assert cell_len(line) <= width
    assert line.endswith(FIGURES)
    name = line.removesuffix(FIGURES).strip()
    assert title.endswith(name.removeprefix("…"))
    assert name == title.strip() or name.startswith("…")


@pytest.mark.fault(35)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_of_a_terminal_are_no_wider_than_it_is(width: int) -> None:
    console = Console(width=width, force_terminal=True, color_system=None)
    progress = Progress(_Line(console), console=console, auto_refresh=False)
    bars = Bars(progress)
    bars.planned(40, 20, 0)
    bars.started("a", TITLES[1])
    bars.progress("a", "epoch 12/100, validation log loss 0.5512")
    bars.left(600.0, rough=True, unknown=12)
    with console.capture() as captured:
        console.print(progress.get_renderable())
    overall, running = captured.get().splitlines()
    assert overall.startswith("0 of 40 steps ")
    assert "~10 min left and 12 steps never timed, 1 s" in overall
    assert "epoch 12/100, validation log loss 0.5512" in running
    assert max(cell_len(overall), cell_len(running)) <= width
