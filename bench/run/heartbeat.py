"""Once a second, as a run is at work: what its steps have in memory is told, what runs beside it have recorded is counted, and
its status is written for `bench status`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from bench.errors import StorageError
from bench.processes.memory import tree_bytes
from bench.records.status_file import StatusFile
from bench.run.executor_choice import ChosenExecutor
from bench.run.tally import Tally

__all__ = ["beating"]

_FIRST_S, _EVERY_S = 0.2, 1.0  # a run that does nothing ends before the first


@contextmanager
def beating(
    tally: Tally, executor: ChosenExecutor, folder: Path, recorded: Callable[[], Collection[str]]
) -> Iterator[None]:
    """Inside, a thread does so. `recorded`: titles of trials that have a record by now, by whichever run. What keeps it from
    that is said in the end, and the run is none the worse. No status is left afterwards, however the run ends, unless its
    process is killed."""
    beat = _Beat(tally, executor, folder, recorded)
    thread = Thread(target=beat.go_on, name="bench status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        beat.over.set()
        thread.join()
        beat.status.remove()
        if beat.trouble:
            tally.say(f"`bench status` could not follow this run: {beat.trouble}")


class _Beat:
    def __init__(
        self,
        tally: Tally,
        executor: ChosenExecutor,
        folder: Path,
        recorded: Callable[[], Collection[str]],
    ) -> None:
        self.over = Event()
        self.status = StatusFile(folder)
        self._tally, self._executor, self._recorded = tally, executor, recorded
        self.trouble = ""

    def go_on(self) -> None:
        """Until it is over."""
        wait = _FIRST_S
        while not self.over.wait(wait):
            wait = _EVERY_S
            try:
                self._tell_memory()
                self._tally.recorded_by_any(self._recorded())
                self.status.write(self._tally.now())
            except StorageError as error:
                self.trouble = str(error)
            except Exception as error:  # of a stranger's executor or watcher
                self.trouble = f"{type(error).__name__}: {error}"

    def _tell_memory(self) -> None:
        for step, pid in dict(self._executor.processes).items():
            if resident := tree_bytes(pid):
                self._tally.memory(step, resident)
