"""Runs at once over one cache: each piece of work is done by one of them, and the others take what it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from bench.job.outcome import Outcome, Status
from bench.records import digest
from bench.storage.floor import Floor
from bench.storage.lease import Lease, owner, take

__all__ = ["FLOOR", "POLL_S", "Shared"]

FLOOR = "floor"  # among what is elsewhere: a step that runs alone, or what runs while one of this run is to
POLL_S = 0.1  # between two looks at what other runs do
# What a step comes to whoever runs it; the others depend on a run's limits, on its machine, or on when it was.
_FOR_ALL: frozenset[Status] = frozenset(
    {"error", "invalid_prediction", "invalid_selection", "no_result", "crashed"}
)


class Shared:
    """The leases that a run holds. A piece of work is a step, or in the run's `folder` a trial's record or the analysis."""

    def __init__(self, cache: Path, folder: Path) -> None:
        self._leases = cache / "leases"
        self._folder = str(folder.absolute())
        self._floor = Floor(cache / "locks")
        self._held: dict[str, Lease] = {}
        self._began = time.time()  # as file systems have it
        self.elsewhere: set[str] = set()  # what others were doing when it was last looked at

    def here(self, what: str) -> str:
        """The name of a piece of work that is this folder's: another folder has its own."""
        return f"run-{digest([self._folder, what])[:32]}"

    def begin(self, work: str) -> bool:
        """Whether it is this run's to do; if not, another one does it now."""
        lease = take(self._leases / work)
        if lease is None:
            self.elsewhere.add(work)
            return False
        self.elsewhere.discard(work)
        self._held[work] = lease
        return True

    def failed_elsewhere(self, work: str) -> Outcome | None:
        """What a step came to in a run beside this one, where it would come to the same here. Of what failed before this run
        began nothing is said: that is tried again."""
        lease = self._held[work]
        if lease.left_at < self._began:
            return None
        try:
            outcome = Outcome.model_validate_json(lease.last_words)
        except ValidationError:
            return None
        return outcome if outcome.status in _FOR_ALL else None

    def end(self, work: str, failure: Outcome | None = None) -> None:
        """Let go of what was begun; of a step that failed others hear why."""
        lease = self._held.pop(work, None)
        if lease is not None:
            lease.release("" if failure is None else failure.model_dump_json())

    def may_run(self, *, alone: bool) -> bool:
        """Whether a step may begin beside what runs in other runs; `alone`: nothing may, and nothing of this run does."""
        if self._floor.enter(alone=alone):
            return True
        self.elsewhere.add(FLOOR)
        return False

    def rest(self) -> None:
        """Nothing runs here."""
        self._floor.leave()

    def owner(self, work: str) -> int | None:
        """The process that does it now, where that can be known."""
        return self._floor.owner() if work == FLOOR else owner(self._leases / work)

    @contextmanager
    def alone(self, work: str, wait: Callable[[list[str]], object]) -> Iterator[None]:
        """Inside, no other run does it; `wait` is told of it while one does."""
        while not self.begin(work):
            wait([work])
            time.sleep(POLL_S)
        try:
            yield
        finally:
            self.end(work)

    def close(self) -> None:
        """Let go of all."""
        self.rest()
        for work in list(self._held):
            self.end(work)
