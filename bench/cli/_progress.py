"""How a run is watched on stderr: a bar and what is running in a terminal, a line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.cli._output import printable
from bench.cli._plan_words import duration, many, planned_in_words
from bench.cli._progress_lines import Lines
from bench.cli._progress_view import cut, failed_in_words, left_in_words, running_lines
from bench.records.status_file import RunNow
from bench.run import Tally, Watcher

__all__ = ["View", "live", "watching"]

_BAR, _LEAST_BAR = 20, 5  # cells
_EACH_SECOND = 4  # times that it is drawn


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher that suits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        with Lines() as lines:
            yield lines
        return
    bars = Bars(console)
    with live(console, bars.now):
        yield bars


@contextmanager
def live(console: Console, now: Callable[[], RunNow | None]) -> Iterator[None]:
    """Inside, the run as it is now stands at the end of the terminal; nothing of it is left afterwards."""
    with Live(
        View(now), console=console, refresh_per_second=_EACH_SECOND, transient=True,
        vertical_overflow="crop",
    ):  # fmt: skip
        yield


class Bars(Tally):
    """Of what is told some lines stay; the rest is shown as it is at the time."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now=clock)
        self._console = console

    def say(self, text: str) -> None:
        self._console.print(printable(text), markup=False, highlight=False)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self.say(planned_in_words(steps, trials, reused))
        super().planned(steps, trials, reused)

    def ended(self, step: str, title: str, failure: str) -> None:
        if failure:
            self.say(f"{title}: failed: {failure}")
        super().ended(step, title, failure)


class View:
    """An overall bar with the time left, what failed, and a line for each step that is running: no more lines than the
    terminal has, and none wider. `now` gives None where there is nothing to show."""

    def __init__(self, now: Callable[[], RunNow | None]) -> None:
        self._now = now

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = self._now()
        if now is None or not now.steps:
            return
        width = options.max_width
        yield _overall(now, width)
        room = console.height - 2  # the cursor stands on a line of its own
        if failed := failed_in_words(now):
            yield Text(cut(failed, width), style="red", no_wrap=True)
            room -= 1
        for line in running_lines(now, width, room):
            yield Text(line, no_wrap=True)


def _overall(now: RunNow, width: int) -> Table | Text:
    """Where it is narrow the bar gives way first, then the end of the figures."""
    done = f"{now.ended} of {many(now.steps, 'step')}"
    figures = ", ".join(filter(None, [left_in_words(now), duration(now.seconds)]))
    room = width - cell_len(done) - cell_len(figures) - 2
    if room < _LEAST_BAR:
        return Text(cut(f"{done} {figures}", width), no_wrap=True)
    bar = ProgressBar(now.steps, now.ended, width=min(room, _BAR))
    line = Table.grid(padding=(0, 1))
    line.add_row(done, bar, Text(figures, no_wrap=True))
    return line
