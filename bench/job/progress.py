"""How far a step's training is: a line for people, which whoever shows it in columns can read back.

A line crosses from the worker to whoever watches, so that any executor can hand it on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Progress", "telling"]

_BETWEEN_S = 0.2  # two lines at least: short epochs are many, and each line wakes the harness up
_LINE = re.compile(
    r"(?P<what>[a-z][a-z -]{0,19}) (?P<epoch>\d{1,9})/(?P<epochs>\d{1,9})"
    r", validation log loss (?P<loss>-?\d{1,12}\.\d{4}|nan|inf)"
    r"(?:, (?P<rate>\d[\d,]{0,19}) rows/s)?",
    re.ASCII,
)


class Progress(NamedTuple):
    """`what`: is counted, "epoch". `valid_logloss`: after this epoch; `rows_per_s`: of this epoch alone."""

    what: str
    epoch: int
    epochs: int
    valid_logloss: float
    rows_per_s: float | None = None

    @property
    def line(self) -> str:
        """For people: `epoch 12/100, validation log loss 0.5512, 81,234 rows/s`."""
        rate = "" if self.rows_per_s is None else f", {self.rows_per_s:,.0f} rows/s"
        count = f"{self.what} {self.epoch}/{self.epochs}"
        return f"{count}, validation log loss {self.valid_logloss:.4f}{rate}"

    @classmethod
    def read(cls, line: str) -> Progress | None:
        """What a line says; None for one of another form."""
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        what, epoch, epochs, loss, rate = found.groups()
        rows_per_s = None if rate is None else float(rate.replace(",", ""))
        return cls(what, int(epoch), int(epochs), float(loss), rows_per_s)


def telling(
    tell: Callable[[str], None], now: Callable[[], float] = time.perf_counter
) -> Callable[[Progress], None]:
    """What a loop calls after each epoch: the first is told, and of those that follow a few each second."""
    told_at = float("-inf")

    def tell_seldom(progress: Progress) -> None:
        nonlocal told_at
        if now() - told_at >= _BETWEEN_S:
            told_at = now()
            tell(progress.line)

    return tell_seldom
