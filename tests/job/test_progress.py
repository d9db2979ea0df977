"""A line of progress: what people read, and what is read back of it."""

from __future__ import annotations

import math

import pytest

from bench.job.progress import Progress, telling


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            Progress("epoch", 12, 100, 0.5512, 81234.0),
            "epoch 12/100, validation log loss 0.5512, 81,234 rows/s",
        ),
        (Progress("meta-epoch", 0, 20, 0.61), "meta-epoch 0/20, validation log loss 0.6100"),
        (
            Progress("gating epoch", 1, 3, math.inf, 7.0),
            "gating epoch 1/3, validation log loss inf, 7 rows/s",
        ),
    ],
)
def test_a_line_is_read_back_as_it_was_told(progress: Progress, line: str) -> None:
    assert progress.line == line
    assert Progress.read(line) == progress


def test_a_loss_that_is_no_number_is_told_and_read_back() -> None:
    read = Progress.read(Progress("epoch", 1, 2, math.nan, 1.0).line)
    assert read is not None
    assert math.isnan(read.valid_logloss)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "begun again, alone: its process was killed from outside (SIGKILL)",
        "setting 3/9, diverges",
        "epoch 1/2, validation log loss 0.5512\n",
        "epoch 1/2, validation log loss 0.5512, many rows/s",
        "epoch ١/٢, validation log loss 0.5512",
        "epoch 1/" + "9" * 5000 + ", validation log loss 0.5512",
    ],
)
def test_another_line_is_words(line: str) -> None:
    assert Progress.read(line) is None


def test_of_many_epochs_a_few_a_second_are_told_and_the_first_is() -> None:
    said: list[str] = []
    times = iter(number / 100 for number in range(10_000))
    clock = {"now": 0.0}
    tell = telling(said.append, lambda: clock["now"])
    for epoch, now in zip(range(1, 301), times, strict=False):
        clock["now"] = now
        tell(Progress("epoch", epoch, 300, 0.5))
    told = [read.epoch for line in said if (read := Progress.read(line)) is not None]
    assert told[0] == 1
    assert 12 <= len(told) <= 15, "three seconds"
    assert told[-1] > 280
