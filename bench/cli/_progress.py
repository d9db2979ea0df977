"""How a run is watched on stderr: a bar and what is running in a terminal, a line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, Task, TaskID
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.cli._output import printable
from bench.cli._plan_words import duration, many, planned_in_words, time_left
from bench.cli._progress_lines import Lines
from bench.run import Watcher

__all__ = ["fitted", "watching"]

_LEAST_NAME = 8  # cells of a name, however narrow the terminal
_BAR, _LEAST_BAR = 20, 5  # cells


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher that suits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        with Lines() as lines:
            yield lines
        return
    with Progress(_Line(console), console=console, transient=True) as progress:
        yield Bars(progress)


class Bars(Watcher):
    """An overall bar with the time left, and a line for each step that is running."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all: TaskID | None = None
        self._running: dict[str, TaskID] = {}

    def say(self, text: str) -> None:
        self._progress.console.print(printable(text), markup=False, highlight=False)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self.say(planned_in_words(steps, trials, reused))
        self._all = self._progress.add_task("", total=steps) if steps else None

    def left(self, seconds: float, *, rough: bool, unknown: int) -> None:
        if self._all is not None:
            told = {"rough": rough, "unknown": unknown}
            self._progress.update(self._all, until=time.monotonic() + seconds, told=told)

    def started(self, step: str, title: str) -> None:
        self._running[step] = self._progress.add_task(printable(title), total=None, detail="")

    def progress(self, step: str, text: str) -> None:
        self._progress.update(self._running[step], detail=printable(text))

    def ended(self, step: str, title: str, failure: str) -> None:
        if step in self._running:  # else another run did it
            self._progress.remove_task(self._running.pop(step))
        if failure:
            self.say(f"{title}: failed: {failure}")
        if self._all is not None:
            self._progress.advance(self._all)


class _Line(ProgressColumn):
    """All that is shown of a task, on one line of the terminal."""

    max_refresh = 0.1  # seconds

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: Task) -> RenderableType:
        width = self._console.width
        if task.total is None:
            figures = _after(task, task.fields["detail"])
            return Text(fitted(f"  {task.description}", figures, width), no_wrap=True)
        done = f"{task.completed:.0f} of {many(int(task.total), 'step')}"
        figures = _after(task, _left_now(task))
        room = width - cell_len(done) - cell_len(figures) - 2  # the bar gives way to figures
        if room < _LEAST_BAR:
            return Text(f"{done} {figures}", no_wrap=True)
        bar = ProgressBar(task.total, task.completed, width=min(room, _BAR))
        line = Table.grid(padding=(0, 1))
        line.add_row(done, bar, Text(figures, no_wrap=True))
        return line


def fitted(name: str, figures: str, width: int) -> str:
    """Both on one line: where it is too long the name loses its beginning, which other lines have too; figures stay."""
    room = max(_LEAST_NAME, width - cell_len(figures) - 2)
    if cell_len(name) > room:
        indent = name[: len(name) - len(name.lstrip())]
        kept = name.lstrip()
        while kept and cell_len(indent + kept) >= room:
            kept = kept[1:]
        name = f"{indent}…{kept}"
    return f"{name}  {figures}"


def _after(task: Task, detail: str) -> str:
    elapsed = duration(task.elapsed or 0.0)
    return f"{detail}, {elapsed}" if detail else elapsed


def _left_now(task: Task) -> str:
    """It runs down between two steps."""
    if "until" not in task.fields:
        return ""
    seconds = max(0.0, task.fields["until"] - time.monotonic())
    return time_left(seconds, **task.fields["told"])
