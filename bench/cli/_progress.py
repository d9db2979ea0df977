"""How a run is watched on stderr: a bar and what is running in a terminal, a line a step elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bench.cli._common import printable
from bench.run import Watcher

__all__ = ["watching"]


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher that suits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        yield Bars(progress)


class Lines(Watcher):
    """One plain line for each thing that ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = self._ended = 0

    def say(self, text: str) -> None:
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self._steps = steps
        self.say(_planned(steps, trials, reused))

    def ended(self, step: str, title: str, failure: str) -> None:  # noqa: ARG002
        self._ended += 1
        self.say(
            f"[{self._ended}/{self._steps}] {title}" + (f": failed: {failure}" if failure else "")
        )


class Bars(Watcher):
    """An overall bar, and a line for each step that is running."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all: TaskID | None = None
        self._running: dict[str, tuple[TaskID, str]] = {}

    def say(self, text: str) -> None:
        self._progress.console.print(printable(text), markup=False, highlight=False)

    def planned(self, steps: int, trials: int, reused: int) -> None:
        self.say(_planned(steps, trials, reused))
        self._all = self._progress.add_task("steps", total=steps)

    def started(self, step: str, title: str) -> None:
        title = escape(printable(title))
        self._running[step] = self._progress.add_task(f"  {title}", total=None), title

    def progress(self, step: str, text: str) -> None:
        task, title = self._running[step]
        self._progress.update(task, description=f"  {title}: {escape(printable(text))}")

    def ended(self, step: str, title: str, failure: str) -> None:
        self._progress.remove_task(self._running.pop(step)[0])
        if failure:
            self.say(f"{title}: failed: {failure}")
        if self._all is not None:
            self._progress.advance(self._all)


def _planned(steps: int, trials: int, reused: int) -> str:
    if not trials:
        return f"all {reused} trials are recorded; nothing to run"
    return f"{steps} steps for {trials} trials; {reused} recorded already"
